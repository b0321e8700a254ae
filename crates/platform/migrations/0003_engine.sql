-- Which kind of engine last ran this installation's instances; NULL: none did yet.
ALTER TABLE installation ADD COLUMN engine TEXT;
