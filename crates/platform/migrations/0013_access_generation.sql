-- Moves with every write, whoever makes it, to what is remembered of who a credential belongs to, what
-- they may do, and which place a name stands for. What only tells that something was used does not count.
CREATE TABLE access_generation (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    moved INTEGER NOT NULL
) STRICT;

INSERT INTO access_generation (id, moved) VALUES (1, 0);

CREATE TRIGGER key_changed_access AFTER UPDATE OF hash, name, expires ON keys
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER key_lost_access AFTER DELETE ON keys
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER person_changed_access AFTER UPDATE OF name ON people
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER person_lost_access AFTER DELETE ON people
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER grant_gave_access AFTER INSERT ON grants
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER grant_changed_access AFTER UPDATE ON grants
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER grant_lost_access AFTER DELETE ON grants
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER session_changed_access AFTER UPDATE OF person_id, key_id, expires ON sessions
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER session_was_set_back AFTER UPDATE OF seen ON sessions WHEN NEW.seen < OLD.seen
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER session_lost_access AFTER DELETE ON sessions
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER secret_changed_access AFTER UPDATE OF session_id, created, expires ON session_secrets
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER secret_lost_access AFTER DELETE ON session_secrets
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER org_made_access AFTER INSERT ON orgs
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER org_changed_access AFTER UPDATE OF id, slug ON orgs
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER org_lost_access AFTER DELETE ON orgs
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER project_made_access AFTER INSERT ON projects
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER project_changed_access AFTER UPDATE OF id, org_id, slug ON projects
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER project_lost_access AFTER DELETE ON projects
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER environment_made_access AFTER INSERT ON environments
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER environment_changed_access AFTER UPDATE OF id, project_id, slug ON environments
BEGIN UPDATE access_generation SET moved = moved + 1; END;
CREATE TRIGGER environment_lost_access AFTER DELETE ON environments
BEGIN UPDATE access_generation SET moved = moved + 1; END;
