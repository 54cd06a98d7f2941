-- purpose: one at random of each cluster within category quotas (random++)
-- source: LASER A.4.1, Figure 16
-- needs: category, tokens, embedding
-- param quotas = {"Math": 0.25, "Coding": 0.25, "Generation": 0.25, "Reasoning": 0.1, "Brainstorming": 0.1, "Factual QA": 0.025, "Extraction": 0.025}: share of each category
-- param redistribute = true: give what a category can't fill to the others
-- param max_tokens = 4096: longer samples are no candidates
-- param metric = "euclidean": distance of the clusters, or "cosine"
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
{% import "laser.sql" as laser %}
WITH candidates AS (
    SELECT sample_id, category FROM pool WHERE {{ candidate }}
),

quotas AS (
{{ laser.quotas(quotas, m, redistribute) }}
),

groups AS (
{{ laser.groups() }}
),

clusters AS (
    SELECT category, quota, unnest(ids) AS sample_id, unnest(kmeans(ids, quota, {{ seed }})) AS cluster
    FROM groups
),

-- Equal vectors make fewer clusters than the quota: others are then filled in at random.
ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY category, cluster ORDER BY {{ laser.shuffled(seed) }}) = 1 AS is_drawn
    FROM clusters
)

SELECT sample_id, CASE WHEN is_drawn THEN 'cluster' ELSE 'fill' END AS reason, cluster
FROM ranked
QUALIFY row_number() OVER (PARTITION BY category ORDER BY is_drawn DESC, {{ laser.shuffled(seed) }}) <= quota
ORDER BY {{ laser.shuffled(seed) }}
