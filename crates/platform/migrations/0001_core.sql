-- Ids are UUIDs as 16-byte blobs, times RFC 3339 texts in UTC, documents JSON texts.

CREATE TABLE installation (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    id BLOB NOT NULL,
    created TEXT NOT NULL
);

CREATE TABLE orgs (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE projects (
    id BLOB PRIMARY KEY NOT NULL,
    org_id BLOB NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL COLLATE NOCASE,
    slug TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (org_id, name),
    UNIQUE (org_id, slug)
) WITHOUT ROWID;

CREATE TABLE environments (
    id BLOB PRIMARY KEY NOT NULL,
    project_id BLOB NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    slug TEXT NOT NULL,
    env_type TEXT NOT NULL,
    protected INTEGER NOT NULL,
    auto_deploy_branch TEXT,
    ephemeral INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (project_id, name),
    UNIQUE (project_id, slug)
) WITHOUT ROWID;

-- A service that is being deleted keeps its row until nothing of it runs any more; its name and
-- domains are free at once, and its environment may go before it.
CREATE TABLE services (
    id BLOB PRIMARY KEY NOT NULL,
    environment_id BLOB REFERENCES environments (id) ON DELETE SET NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    slug TEXT NOT NULL,
    spec TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    deleting INTEGER NOT NULL DEFAULT 0,
    CHECK (deleting OR environment_id IS NOT NULL)
) WITHOUT ROWID;

CREATE UNIQUE INDEX services_name ON services (environment_id, name) WHERE NOT deleting;
CREATE UNIQUE INDEX services_slug ON services (environment_id, slug) WHERE NOT deleting;

-- Every domain that a service describes or still runs with, in lower case.
CREATE TABLE domains (
    domain TEXT PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL REFERENCES services (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX domains_of_service ON domains (service_id);

CREATE TABLE releases (
    id BLOB PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    spec TEXT NOT NULL,
    message TEXT,
    created TEXT NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (service_id, version)
) WITHOUT ROWID;

CREATE TABLE deployments (
    id BLOB PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    release_id BLOB NOT NULL REFERENCES releases (id),
    state TEXT NOT NULL,
    error TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX deployments_of_service ON deployments (service_id, created);

-- What should run of a service that was ever deployed.
CREATE TABLE desired (
    service_id BLOB PRIMARY KEY NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    release_id BLOB NOT NULL REFERENCES releases (id),
    deployment_id BLOB NOT NULL REFERENCES deployments (id),
    process_counts TEXT NOT NULL,
    restart_generation INTEGER NOT NULL,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

-- The disks that exist; those of a slot that is scaled away stay until the service is deleted.
CREATE TABLE volumes (
    service_id BLOB NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    process TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    engine_name TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (service_id, process, ordinal, name)
) WITHOUT ROWID;

-- What was seen of an instance slot and must survive a restart of the platform.
CREATE TABLE observations (
    service_id BLOB NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    process TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    restarts INTEGER NOT NULL,
    message TEXT,
    PRIMARY KEY (service_id, process, ordinal)
) WITHOUT ROWID;

-- Secrets are kept as SHA-256 hashes alone.
CREATE TABLE keys (
    hash BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sign_in_tokens (
    hash BLOB PRIMARY KEY NOT NULL,
    expires TEXT NOT NULL
) WITHOUT ROWID;
