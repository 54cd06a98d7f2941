-- The warehouse of laserdb: the pool, what every model said of it, and what was chosen.

CREATE TABLE ingests (
    ingest_id   BIGINT PRIMARY KEY,
    source      VARCHAR NOT NULL,
    file        VARCHAR NOT NULL,
    read        BIGINT NOT NULL CHECK (read >= 0),
    samples     BIGINT NOT NULL CHECK (samples >= 0),
    turns       BIGINT NOT NULL CHECK (turns >= 0),
    duplicates  BIGINT NOT NULL CHECK (duplicates >= 0),
    rejects     BIGINT NOT NULL CHECK (rejects >= 0),
    ingested_at TIMESTAMP NOT NULL,
    CHECK (read = samples + duplicates + rejects)
);

CREATE TABLE samples (
    sample_id   BIGINT PRIMARY KEY,
    source      VARCHAR NOT NULL,
    data_id     VARCHAR NOT NULL,
    n_turns     INTEGER NOT NULL CHECK (n_turns > 0),
    system      VARCHAR,
    metadata    JSON NOT NULL,
    -- Only where the conversation can't be rebuilt from system and turns (tool calls, two user
    -- messages in a row, an assistant that speaks first): the messages as they came.
    messages    JSON,
    -- md5 of the conversation after NFC and trim: what makes two samples duplicates.
    content_key UUID NOT NULL UNIQUE,
    -- md5 of all instructions joined: the text that is embedded.
    prompt_key  UUID NOT NULL
);

CREATE TABLE turns (
    turn_id         BIGINT PRIMARY KEY,
    sample_id       BIGINT NOT NULL REFERENCES samples (sample_id),
    turn_index      INTEGER NOT NULL CHECK (turn_index >= 0),
    -- zstd: less than half the file, and less than half the time to write it, for texts like these.
    instruction     VARCHAR USING COMPRESSION zstd NOT NULL,
    response        VARCHAR USING COMPRESSION zstd,
    -- md5 of the text after NFC and trim: equal texts are scored once.
    instruction_key UUID NOT NULL,
    turn_key        UUID NOT NULL,
    UNIQUE (sample_id, turn_index)
);

CREATE TABLE rejects (
    source VARCHAR NOT NULL,
    file   VARCHAR NOT NULL,
    line   BIGINT NOT NULL CHECK (line > 0),
    reason VARCHAR NOT NULL,
    raw    VARCHAR
);

CREATE TABLE runs (
    run_id       BIGINT PRIMARY KEY,
    scorer       VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,
    revision     VARCHAR NOT NULL,
    params       JSON NOT NULL,
    prompt_hash  VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    fingerprint  VARCHAR NOT NULL,
    started_at   TIMESTAMP NOT NULL,
    finished_at  TIMESTAMP,
    status       VARCHAR NOT NULL CHECK (status IN ('running', 'interrupted', 'failed', 'partial', 'complete')),
    n_ok         BIGINT NOT NULL DEFAULT 0 CHECK (n_ok >= 0),
    n_failed     BIGINT NOT NULL DEFAULT 0 CHECK (n_failed >= 0)
);

-- One row for every scorer that has a table in the schema results.
CREATE TABLE result_tables (
    scorer     VARCHAR NOT NULL,
    table_name VARCHAR PRIMARY KEY,
    unit       VARCHAR NOT NULL CHECK (unit IN ('instruction', 'turn', 'prompt')),
    columns    JSON NOT NULL
);

CREATE SCHEMA results;

-- Which scorer judges the quality of which category (LASER §3.2.2). Users may edit it.
CREATE TABLE routes (
    category VARCHAR PRIMARY KEY,
    scorer   VARCHAR NOT NULL
);
INSERT INTO routes VALUES
    ('Math', 'prm'),
    ('Coding', 'code_quality'),
    ('Generation', 'instruction_following'),
    ('Reasoning', 'deita_quality'),
    ('Brainstorming', 'instruction_following'),
    ('Factual QA', 'deita_quality'),
    ('Extraction', 'deita_quality');

CREATE TABLE selections (
    name        VARCHAR PRIMARY KEY,
    strategy    VARCHAR NOT NULL,
    params      JSON NOT NULL,
    sql         VARCHAR NOT NULL,
    seed        BIGINT NOT NULL,
    m           BIGINT NOT NULL CHECK (m > 0),
    created_at  TIMESTAMP NOT NULL,
    result_hash VARCHAR NOT NULL,
    runs        BIGINT[] NOT NULL
);

CREATE TABLE selected (
    selection VARCHAR NOT NULL REFERENCES selections (name),
    sample_id BIGINT NOT NULL REFERENCES samples (sample_id),
    rank      BIGINT NOT NULL CHECK (rank > 0),
    reason    VARCHAR NOT NULL,
    category  VARCHAR,
    cluster   BIGINT,
    f         DOUBLE,
    q         DOUBLE,
    p         DOUBLE,
    PRIMARY KEY (selection, sample_id),
    UNIQUE (selection, rank)
);

CREATE TABLE evals (
    dataset VARCHAR NOT NULL,
    item_id VARCHAR NOT NULL,
    model   VARCHAR NOT NULL,
    score   DOUBLE NOT NULL CHECK (score BETWEEN 0 AND 1),
    metric  VARCHAR NOT NULL,
    PRIMARY KEY (dataset, item_id, model, metric)
);
