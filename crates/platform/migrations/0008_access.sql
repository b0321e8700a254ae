-- People, and what people and keys may do where.
CREATE TABLE people (
    id      TEXT NOT NULL PRIMARY KEY,
    name    TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;

ALTER TABLE keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN expires TEXT; -- NULL: never
ALTER TABLE keys ADD COLUMN used TEXT;    -- NULL: not yet; at most a minute old

-- A role at a place. What is NULL is not narrowed down: no org is the whole platform. Of several that
-- hold at a place the nearest wins.
CREATE TABLE grants (
    person_id      TEXT REFERENCES people (id) ON DELETE CASCADE,
    key_id         TEXT REFERENCES keys (id) ON DELETE CASCADE,
    org_id         TEXT REFERENCES orgs (id) ON DELETE CASCADE,
    project_id     TEXT REFERENCES projects (id) ON DELETE CASCADE,
    environment_id TEXT REFERENCES environments (id) ON DELETE CASCADE,
    role           TEXT NOT NULL,
    CHECK ((person_id IS NULL) <> (key_id IS NULL)),
    CHECK (project_id IS NULL OR org_id IS NOT NULL),
    CHECK (environment_id IS NULL OR project_id IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX grants_once ON grants (
    coalesce(person_id, key_id), coalesce(org_id, ''), coalesce(project_id, ''),
    coalesce(environment_id, ''));
CREATE INDEX grants_of_person ON grants (person_id);
CREATE INDEX grants_of_key ON grants (key_id);
CREATE INDEX grants_in_org ON grants (org_id);

INSERT INTO grants (key_id, role) SELECT id, role FROM keys;
ALTER TABLE keys DROP COLUMN role;

-- A session of a browser, of a person or of a key that somebody signed in with. While it is used its
-- secret gets a successor. Only when that comes back, the ones before it come to their end: an answer
-- that was lost on its way signs nobody out.
DROP TABLE sessions;
CREATE TABLE sessions (
    id        TEXT NOT NULL PRIMARY KEY,
    person_id TEXT REFERENCES people (id) ON DELETE CASCADE,
    key_id    TEXT REFERENCES keys (id) ON DELETE CASCADE,
    created   TEXT NOT NULL,
    seen      TEXT NOT NULL,
    expires   TEXT NOT NULL,
    CHECK ((person_id IS NULL) <> (key_id IS NULL))
) STRICT;

CREATE INDEX sessions_of_person ON sessions (person_id);
CREATE INDEX sessions_of_key ON sessions (key_id);

CREATE TABLE session_secrets (
    hash       BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created    TEXT NOT NULL,
    came_back  INTEGER NOT NULL, -- whether a browser has it for sure
    succeeded  TEXT,             -- when it last got a successor
    expires    TEXT              -- NULL: no successor came back
) STRICT;

CREATE INDEX session_secrets_of ON session_secrets (session_id);

-- Links that sign a person in once; without a person, the first admin, who is made then.
DROP TABLE sign_in_tokens;
CREATE TABLE sign_in_tokens (
    hash      BLOB NOT NULL PRIMARY KEY,
    person_id TEXT REFERENCES people (id) ON DELETE CASCADE,
    expires   TEXT NOT NULL
) STRICT;

-- Who is invited to an org and has not come in yet.
CREATE TABLE invitations (
    id             TEXT NOT NULL PRIMARY KEY,
    hash           BLOB NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    org_id         TEXT NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    project_id     TEXT REFERENCES projects (id) ON DELETE CASCADE,
    environment_id TEXT REFERENCES environments (id) ON DELETE CASCADE,
    role           TEXT NOT NULL,
    created        TEXT NOT NULL,
    created_by     TEXT NOT NULL,
    expires        TEXT NOT NULL
) STRICT;

CREATE INDEX invitations_to ON invitations (org_id, created);
