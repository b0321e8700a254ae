-- What the audit has to tell of a change, from when the change is stored until it is told: what a
-- process does not come to, the next one does.
CREATE TABLE unwritten (
    request_id TEXT    NOT NULL PRIMARY KEY,
    told       TEXT    NOT NULL, -- JSON: the row of the audit
    at         INTEGER NOT NULL  -- microseconds since 1970
) STRICT;
