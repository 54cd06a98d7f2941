-- Who is at work on a run, so that one whose process was killed doesn't count as running for ever.
ALTER TABLE runs ADD COLUMN host VARCHAR;
ALTER TABLE runs ADD COLUMN pid BIGINT;
ALTER TABLE runs ADD COLUMN heartbeat TIMESTAMP;
