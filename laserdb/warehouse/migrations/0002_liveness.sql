-- Who is at work on a run, so that one whose process was killed doesn't count as running for ever.
ALTER TABLE runs ADD COLUMN host VARCHAR;
ALTER TABLE runs ADD COLUMN pid BIGINT;
ALTER TABLE runs ADD COLUMN heartbeat TIMESTAMP;

-- When a run first had every text: from then on the views show it, also while new data is being scored.
ALTER TABLE runs ADD COLUMN completed_at TIMESTAMP;
UPDATE runs SET completed_at = finished_at WHERE status = 'complete';
