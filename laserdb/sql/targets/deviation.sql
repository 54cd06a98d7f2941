-- purpose: how far models fall short of their own mean on the data set
-- source: LASER §3.2.1
-- param drop_unsolved = true: drop items on which every model has 0
-- param center = true: subtract each model's mean on the data set; false takes the plain mean of the scores
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
deviations AS (
    SELECT *, score - CASE WHEN {{ center }} THEN avg(score) OVER (PARTITION BY dataset, model) ELSE 1 END AS deviation
    FROM kept
)
-- Higher = harder: the mean deviation is negated.
SELECT dataset, item_id, -avg(deviation ORDER BY model) AS target, count(*) AS models, avg(score ORDER BY model) AS mean_score
FROM deviations
GROUP BY dataset, item_id
ORDER BY dataset, item_id
