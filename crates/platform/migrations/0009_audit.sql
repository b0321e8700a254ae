-- Every change that somebody asked for, and every attempt that was refused. Rows are only ever added.
-- Places are kept by their names too: the row outlives what it tells of.
CREATE TABLE audit (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL, -- microseconds since 1970
    by             TEXT    NOT NULL,
    by_kind        TEXT    NOT NULL, -- person, key, nobody
    by_id          TEXT,
    address        TEXT    NOT NULL,
    action         TEXT    NOT NULL, -- the endpoint's name
    outcome        TEXT    NOT NULL, -- done, refused
    reason         TEXT,
    subject        TEXT    NOT NULL, -- the path that was called
    org_id         TEXT,
    org            TEXT,
    project        TEXT,
    environment    TEXT,
    changes        TEXT    NOT NULL, -- JSON: what became of which field
    request_id     TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_of_org ON audit (org_id, at);
CREATE INDEX audit_at ON audit (at);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
