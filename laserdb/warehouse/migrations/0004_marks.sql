-- Samples that a selection leaves out by default: near copies of others, and those seen in evaluation sets.
CREATE TABLE marks (
    sample_id  BIGINT NOT NULL REFERENCES samples (sample_id),
    kind       VARCHAR NOT NULL CHECK (kind IN ('duplicate', 'contaminated')),
    -- Whom it resembles: the data_id of the sample that stays, or file:line of the evaluation item.
    partner    VARCHAR NOT NULL,
    -- What they share: the 13-gram, or nothing where only the MinHash is alike.
    evidence   VARCHAR,
    similarity DOUBLE CHECK (similarity BETWEEN 0 AND 1),
    marked_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (sample_id, kind)
);
