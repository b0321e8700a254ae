-- Images: built of a commit, or fetched from a registry and pinned.
CREATE TABLE images (
    id            TEXT    NOT NULL PRIMARY KEY,
    service_id    TEXT    NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    version       INTEGER NOT NULL,
    state         TEXT    NOT NULL, -- queued, building, built, failed, cancelled
    source        TEXT    NOT NULL, -- JSON: the repository or the reference that it comes from
    fetched       INTEGER NOT NULL, -- whether a rollout fetches it, and not a build
    reference     TEXT,             -- what instances are started from; NULL: not built yet
    digest        TEXT,
    commit_sha    TEXT,
    dockerfile    TEXT,
    processes     TEXT    NOT NULL DEFAULT '{}', -- JSON: process → command
    exposed_ports TEXT    NOT NULL DEFAULT '[]', -- JSON
    size          INTEGER,          -- in bytes
    error         TEXT,
    error_detail  TEXT,
    step          TEXT,             -- what it is at, or failed at
    then_deploy   TEXT,             -- JSON: the deploy that follows when it is built
    created_by    TEXT    NOT NULL,
    created       TEXT    NOT NULL,
    started       TEXT,
    updated       TEXT    NOT NULL,
    UNIQUE (service_id, version)
) STRICT;

ALTER TABLE releases ADD COLUMN image_version INTEGER;

-- What runs of a service beside its release: what was last deployed of domains and volumes. It stays
-- when an older release is deployed again.
ALTER TABLE services ADD COLUMN attached TEXT NOT NULL DEFAULT '{}';

UPDATE services SET attached = (
    SELECT json_object(
        'domains', json_extract(document, '$.domains'), 'volumes', json_extract(document, '$.volumes')
    )
    FROM releases
    WHERE releases.service_id = services.id AND releases.version = services.release_version
) WHERE release_version IS NOT NULL;

ALTER TABLE deployments ADD COLUMN kind TEXT NOT NULL DEFAULT 'deploy';
ALTER TABLE deployments ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE deployments ADD COLUMN message TEXT;
ALTER TABLE deployments ADD COLUMN error_detail TEXT;
ALTER TABLE deployments ADD COLUMN started TEXT;
-- JSON: what should run after it began, beside the release, and what did before.
ALTER TABLE deployments ADD COLUMN after TEXT NOT NULL DEFAULT '{}';
ALTER TABLE deployments ADD COLUMN before TEXT NOT NULL DEFAULT '{}';

UPDATE deployments SET started = created, (created_by, message) = (
    SELECT created_by, message FROM releases
    WHERE releases.service_id = deployments.service_id AND releases.version = deployments.release_version
);

-- Pushes that were taken, so that none is taken twice.
CREATE TABLE pushes (
    digest BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the body
    taken  TEXT NOT NULL
) STRICT;

DROP VIEW described_services;
CREATE VIEW described_services AS
SELECT services.*,
       (SELECT json_group_object(name, value) FROM config WHERE owner_id = services.id AND value IS NOT NULL) AS env
FROM services;
