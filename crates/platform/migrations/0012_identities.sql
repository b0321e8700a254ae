-- Who comes in by a provider of identities. An address leads to a person once; from then on only the
-- account does, which the provider gives to nobody else.
ALTER TABLE people ADD COLUMN email TEXT;      -- in lower case
ALTER TABLE invitations ADD COLUMN email TEXT; -- in lower case

CREATE INDEX people_by_email ON people (email) WHERE email IS NOT NULL;
CREATE INDEX invitations_by_email ON invitations (email) WHERE email IS NOT NULL;

CREATE TABLE identities (
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    person_id TEXT REFERENCES people (id) ON DELETE SET NULL, -- NULL: they were removed
    created   TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;

-- Nobody has two accounts at one provider.
CREATE UNIQUE INDEX identities_of_person ON identities (person_id, issuer);

-- Addresses of people who were removed: they are let in again by an invitation alone.
CREATE TABLE former_emails (
    email TEXT NOT NULL PRIMARY KEY
) STRICT;

CREATE TRIGGER people_leave_their_address AFTER DELETE ON people WHEN OLD.email IS NOT NULL
BEGIN INSERT OR IGNORE INTO former_emails (email) VALUES (OLD.email); END;
