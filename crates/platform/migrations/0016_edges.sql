-- The last batch of requests of each edge that is stored: one that is told again is not stored again.
CREATE TABLE edges (
    id       TEXT    NOT NULL PRIMARY KEY, -- of one run of an edge
    sequence INTEGER NOT NULL,
    seen     TEXT    NOT NULL
) STRICT;
