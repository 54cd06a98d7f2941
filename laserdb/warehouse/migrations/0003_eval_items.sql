-- The items of imported evaluations: what was asked, of which kind, and how hard people say it is.
CREATE TABLE eval_items (
    dataset     VARCHAR NOT NULL,
    item_id     VARCHAR NOT NULL,
    instruction VARCHAR NOT NULL,
    category    VARCHAR,
    level       DOUBLE,
    PRIMARY KEY (dataset, item_id)
);
