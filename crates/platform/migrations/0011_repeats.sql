-- What was answered to a change that came with an `Idempotency-Key`, for a day: the same again gets the
-- same answer and changes nothing. Answers are sealed, since some hold what is told only once.
CREATE TABLE repeats (
    caller      TEXT    NOT NULL, -- id of a person or a key
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL, -- SHA-256 of what was asked
    status      INTEGER NOT NULL,
    answer      BLOB    NOT NULL,
    at          INTEGER NOT NULL, -- seconds since 1970
    PRIMARY KEY (caller, key)
) STRICT;

CREATE INDEX repeats_at ON repeats (at);
