-- How many builds and deployments have ended, and how. Rows of old ones go, these counts only grow.
CREATE TABLE outcomes (
    what    TEXT    NOT NULL, -- build, deploy
    outcome TEXT    NOT NULL, -- the last state: built, failed, complete, error, cancelled
    count   INTEGER NOT NULL,
    PRIMARY KEY (what, outcome)
) STRICT, WITHOUT ROWID;

INSERT INTO outcomes (what, outcome, count) VALUES
    ('build', 'built', 0), ('build', 'failed', 0), ('build', 'cancelled', 0),
    ('deploy', 'complete', 0), ('deploy', 'error', 0), ('deploy', 'cancelled', 0);

CREATE TRIGGER builds_end AFTER UPDATE OF state ON images
WHEN NOT new.fetched AND old.state IN ('queued', 'building')
BEGIN
    UPDATE outcomes SET count = count + 1 WHERE what = 'build' AND outcome = new.state;
END;

CREATE TRIGGER deployments_end AFTER UPDATE OF state ON deployments
WHEN old.state IN ('pending', 'running')
BEGIN
    UPDATE outcomes SET count = count + 1 WHERE what = 'deploy' AND outcome = new.state;
END;

-- What goes on is looked for again and again, and is little.
CREATE INDEX images_under_way ON images (state) WHERE state IN ('queued', 'building');
CREATE INDEX deployments_under_way ON deployments (state) WHERE state IN ('pending', 'running');
