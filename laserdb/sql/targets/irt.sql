-- purpose: item difficulty β of a one-parameter item response model, fitted per data set
-- source: LASER §A.2.5
-- param drop_unsolved = true: drop items on which every model has 0
-- param least_models = 1: drop items with results of fewer models
WITH results AS (
    -- A model with several metrics on an item counts once.
    SELECT dataset, item_id, model, avg(score) AS score
    FROM evals
    GROUP BY ALL
),
kept AS (
    SELECT *
    FROM results
    QUALIFY count(*) OVER (PARTITION BY dataset, item_id) >= {{ least_models }}
        AND (NOT {{ drop_unsolved }} OR max(score) OVER (PARTITION BY dataset, item_id) > 0)
),
numbered AS (
    SELECT *,
        dense_rank() OVER (PARTITION BY dataset ORDER BY item_id) AS item,
        dense_rank() OVER (PARTITION BY dataset ORDER BY model) AS taker
    FROM kept
),
fitted AS (
    SELECT dataset, rasch(
        list(item ORDER BY item, taker), list(taker ORDER BY item, taker), list(score ORDER BY item, taker)
    ) AS beta
    FROM numbered
    GROUP BY dataset
)
SELECT dataset, item_id, any_value(beta[item]) AS target, count(*) AS models, avg(score ORDER BY model) AS mean_score
FROM numbered
JOIN fitted USING (dataset)
GROUP BY dataset, item_id
ORDER BY dataset, item_id
