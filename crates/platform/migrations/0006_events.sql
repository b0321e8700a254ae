-- What happened. A row keeps the names of where it happened: a service may be gone by now.
CREATE TABLE events (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL, -- microseconds; of what happened several times the last one
    kind            TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    by              TEXT,
    org_id          TEXT    NOT NULL,
    project_id      TEXT,
    environment_id  TEXT,
    service_id      TEXT,
    org             TEXT    NOT NULL, -- slugs
    project         TEXT,
    environment     TEXT,
    service         TEXT,
    service_name    TEXT,
    release_version INTEGER,
    instance        TEXT,
    times           INTEGER NOT NULL DEFAULT 1,
    since           INTEGER NOT NULL  -- microseconds; the first time
) STRICT;

CREATE INDEX events_of_services ON events (service_id, at);
CREATE INDEX events_of_environments ON events (environment_id, at);
CREATE INDEX events_of_projects ON events (project_id, at);
CREATE INDEX events_of_orgs ON events (org_id, at);

-- When instances ended by themselves: one event may stand for many of these.
CREATE TABLE crashes (
    service_id      TEXT    NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    release_version INTEGER NOT NULL,
    at              INTEGER NOT NULL, -- seconds
    times           INTEGER NOT NULL,
    PRIMARY KEY (service_id, release_version, at)
) STRICT, WITHOUT ROWID;

-- An environment's events go with it, and so do a project's and an org's.
CREATE TRIGGER events_of_environments_go AFTER DELETE ON environments BEGIN
    DELETE FROM events WHERE environment_id = OLD.id;
END;

CREATE TRIGGER events_of_projects_go AFTER DELETE ON projects BEGIN
    DELETE FROM events WHERE project_id = OLD.id;
END;

CREATE TRIGGER events_of_orgs_go AFTER DELETE ON orgs BEGIN
    DELETE FROM events WHERE org_id = OLD.id;
END;

-- Every place that something can happen at, with those that it is in.
CREATE VIEW places AS
SELECT services.id, org_id, project_id, environment_id, services.id AS service_id,
       orgs.slug AS org, projects.slug AS project, environments.slug AS environment,
       services.slug AS service, services.name AS service_name
FROM services
JOIN environments ON environments.id = environment_id
JOIN projects ON projects.id = project_id
JOIN orgs ON orgs.id = org_id
UNION ALL
SELECT environments.id, org_id, project_id, environments.id, NULL,
       orgs.slug, projects.slug, environments.slug, NULL, NULL
FROM environments
JOIN projects ON projects.id = project_id
JOIN orgs ON orgs.id = org_id
UNION ALL
SELECT projects.id, org_id, projects.id, NULL, NULL, orgs.slug, projects.slug, NULL, NULL, NULL
FROM projects
JOIN orgs ON orgs.id = org_id
UNION ALL
SELECT id, id, NULL, NULL, NULL, slug, NULL, NULL, NULL, NULL
FROM orgs;

-- What is still known of the time before.
INSERT INTO events (at, since, kind, message, by, org_id, project_id, environment_id, service_id,
                    org, project, environment, service, service_name, release_version)
SELECT told.at, told.at, kind, message, by, org_id, project_id, environment_id, service_id,
       org, project, environment, service, service_name, release_version
FROM (
    SELECT id AS owner, unixepoch(created) * 1000000 AS at, 'created' AS kind,
           'The service was described.' AS message, NULL AS by, NULL AS release_version
    FROM services
    UNION ALL
    SELECT service_id, unixepoch(updated) * 1000000, 'deployed',
           'Release v' || release_version || ' was deployed.', NULLIF(created_by, ''), release_version
    FROM deployments
    WHERE state = 'complete'
) AS told
JOIN places ON places.id = told.owner
WHERE told.owner IN (SELECT id FROM services WHERE deleted = 0)
ORDER BY told.at;
