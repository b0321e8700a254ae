-- The installation's own id marks what belongs to it in a shared container engine.
CREATE TABLE installation (id TEXT NOT NULL PRIMARY KEY) STRICT;

CREATE TABLE orgs (
    id      TEXT NOT NULL PRIMARY KEY,
    name    TEXT NOT NULL,
    slug    TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
) STRICT;

CREATE TABLE projects (
    id      TEXT NOT NULL PRIMARY KEY,
    org_id  TEXT NOT NULL REFERENCES orgs (id),
    name    TEXT NOT NULL,
    slug    TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (org_id, slug)
) STRICT;

CREATE TABLE environments (
    id                 TEXT    NOT NULL PRIMARY KEY,
    project_id         TEXT    NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name               TEXT    NOT NULL,
    slug               TEXT    NOT NULL,
    env_type           TEXT    NOT NULL,
    protected          INTEGER NOT NULL,
    auto_deploy_branch TEXT,
    ephemeral          INTEGER NOT NULL,
    created            TEXT    NOT NULL,
    updated            TEXT    NOT NULL,
    UNIQUE (project_id, slug)
) STRICT;

-- A deleted service stays as a row until nothing of it runs any more; it no longer counts for names.
-- That is why it does not reference its environment, which may be deleted before.
CREATE TABLE services (
    id              TEXT    NOT NULL PRIMARY KEY,
    environment_id  TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    slug            TEXT    NOT NULL,
    spec            TEXT    NOT NULL, -- JSON: the description
    created         TEXT    NOT NULL,
    updated         TEXT    NOT NULL,
    release_version INTEGER,          -- the release that should run; NULL: never deployed
    good_version    INTEGER,          -- the last release whose every instance was ready
    generation      INTEGER NOT NULL DEFAULT 0, -- counts restarts that were asked for
    deleted         INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX service_slugs ON services (environment_id, slug) WHERE deleted = 0;

CREATE TABLE service_domains (
    domain     TEXT NOT NULL PRIMARY KEY, -- lower case
    service_id TEXT NOT NULL REFERENCES services (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX service_domains_of ON service_domains (service_id);

CREATE TABLE releases (
    id         TEXT    NOT NULL PRIMARY KEY,
    service_id TEXT    NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    document   TEXT    NOT NULL, -- JSON: what an instance is started from, frozen
    message    TEXT,
    created_by TEXT    NOT NULL,
    created    TEXT    NOT NULL,
    UNIQUE (service_id, version)
) STRICT;

CREATE TABLE deployments (
    id              TEXT    NOT NULL PRIMARY KEY,
    service_id      TEXT    NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    release_version INTEGER NOT NULL,
    state           TEXT    NOT NULL, -- running, complete, error, cancelled
    error           TEXT,
    created         TEXT    NOT NULL,
    updated         TEXT    NOT NULL
) STRICT;

CREATE INDEX deployments_of ON deployments (service_id, created);

CREATE TABLE keys (
    id      TEXT NOT NULL PRIMARY KEY,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    hash    BLOB NOT NULL UNIQUE,
    created TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    hash    BLOB NOT NULL PRIMARY KEY,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
) STRICT;

CREATE TABLE sign_in_tokens (
    hash    BLOB NOT NULL PRIMARY KEY,
    expires TEXT NOT NULL
) STRICT;
