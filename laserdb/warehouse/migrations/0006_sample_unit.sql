-- Results may also belong to whole samples (unit 'sample'): vectors of responses, or of all that was said.
-- DuckDB can't change a CHECK, so the table is made anew.
CREATE TABLE result_tables_with_samples (
    scorer     VARCHAR NOT NULL,
    table_name VARCHAR PRIMARY KEY,
    unit       VARCHAR NOT NULL CHECK (unit IN ('instruction', 'turn', 'prompt', 'sample')),
    columns    JSON NOT NULL
);
INSERT INTO result_tables_with_samples SELECT scorer, table_name, unit, columns FROM result_tables;
DROP TABLE result_tables;
ALTER TABLE result_tables_with_samples RENAME TO result_tables;
