-- Changes of a description that act at once, from when they are stored until their release is: what a
-- process does not come to, the next one does.
CREATE TABLE unfinished (
    service_id TEXT    NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    by         TEXT    NOT NULL, -- who asked for it
    fetches    INTEGER NOT NULL  -- whether the described image runs, not the one that was built last
) STRICT;
