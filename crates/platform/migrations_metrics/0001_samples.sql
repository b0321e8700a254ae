-- What was measured of a service from an instant on: for 5 seconds, and rolled up for a minute.
-- Sums and how much they were measured over, so that rows of any length add up.
CREATE TABLE samples (
    service         TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    cpu             REAL    NOT NULL,
    cpu_samples     INTEGER NOT NULL,
    memory          REAL    NOT NULL,
    memory_samples  INTEGER NOT NULL,
    traffic_seconds REAL    NOT NULL,
    requests        INTEGER NOT NULL,
    errors          INTEGER NOT NULL,
    latency         BLOB,
    PRIMARY KEY (service, at)
) WITHOUT ROWID;
CREATE INDEX samples_at ON samples (at);

CREATE TABLE minutes (
    service         TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    cpu             REAL    NOT NULL,
    cpu_samples     INTEGER NOT NULL,
    memory          REAL    NOT NULL,
    memory_samples  INTEGER NOT NULL,
    traffic_seconds REAL    NOT NULL,
    requests        INTEGER NOT NULL,
    errors          INTEGER NOT NULL,
    latency         BLOB,
    PRIMARY KEY (service, at)
) WITHOUT ROWID;
CREATE INDEX minutes_at ON minutes (at);
