-- How many instances of each process should run: what was last deployed or scaled to. The counts in
-- the description may be ahead of it.
ALTER TABLE services ADD COLUMN process_counts TEXT NOT NULL DEFAULT '{}';

UPDATE services SET process_counts = json_extract(spec, '$.process_counts') WHERE release_version IS NOT NULL;
