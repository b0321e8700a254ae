-- Sealed values (a 24-byte nonce, then the ciphertext of XChaCha20-Poly1305). A row never changes, so
-- that a release that names one keeps it.
CREATE TABLE secrets (
    id     TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

-- The variables of every level. The owner is an org, a project, an environment or a service.
CREATE TABLE config (
    id        TEXT    NOT NULL PRIMARY KEY,
    owner_id  TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    value     TEXT,                           -- NULL: it is a secret
    secret_id TEXT REFERENCES secrets (id),
    buildtime INTEGER NOT NULL,
    created   TEXT    NOT NULL,
    updated   TEXT    NOT NULL,
    UNIQUE (owner_id, name),
    CHECK ((value IS NULL) <> (secret_id IS NULL))
) STRICT;

CREATE INDEX config_secrets ON config (secret_id) WHERE secret_id IS NOT NULL;

-- Every change of a level. The changes of one request share a revision; the newest is the level's.
CREATE TABLE config_history (
    owner_id   TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- added, changed, removed
    before     TEXT,             -- of a secret its mask
    after      TEXT,
    changed_by TEXT    NOT NULL,
    at         TEXT    NOT NULL,
    PRIMARY KEY (owner_id, revision, name)
) STRICT;

CREATE TRIGGER config_of_orgs AFTER DELETE ON orgs BEGIN
    DELETE FROM config WHERE owner_id = OLD.id;
    DELETE FROM config_history WHERE owner_id = OLD.id;
END;

CREATE TRIGGER config_of_projects AFTER DELETE ON projects BEGIN
    DELETE FROM config WHERE owner_id = OLD.id;
    DELETE FROM config_history WHERE owner_id = OLD.id;
END;

CREATE TRIGGER config_of_environments AFTER DELETE ON environments BEGIN
    DELETE FROM config WHERE owner_id = OLD.id;
    DELETE FROM config_history WHERE owner_id = OLD.id;
END;

CREATE TRIGGER config_of_services AFTER DELETE ON services BEGIN
    DELETE FROM config WHERE owner_id = OLD.id;
    DELETE FROM config_history WHERE owner_id = OLD.id;
END;

-- The variables that descriptions held until now.
INSERT INTO config (id, owner_id, name, value, buildtime, created, updated)
SELECT lower(
           hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
           || substr('89AB', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
       ),
       services.id, variable.key, variable.value, 0, services.updated, services.updated
FROM services, json_each(spec, '$.env') AS variable;

UPDATE services SET spec = json_remove(spec, '$.env');

-- A service with the plain variables of its own level, which one dialect shows in its description.
CREATE VIEW described_services AS
SELECT services.*,
       (SELECT json_group_object(name, value) FROM config WHERE owner_id = services.id AND value IS NOT NULL) AS env
FROM services;
