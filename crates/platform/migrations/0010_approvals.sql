-- A deployment to a protected environment waits until another admin has approved it.
ALTER TABLE deployments ADD COLUMN needs_approval INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deployments ADD COLUMN approved_by TEXT;
