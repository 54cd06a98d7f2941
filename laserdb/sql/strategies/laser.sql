-- purpose: best of each cluster within category quotas, then filled by preference
-- source: LASER §3.3 (Mirza, Weber et al. 2025)
-- needs: category, difficulty, quality, tokens, embedding
-- param quotas = {"Math": 0.25, "Coding": 0.25, "Generation": 0.25, "Reasoning": 0.1, "Brainstorming": 0.1, "Factual QA": 0.025, "Extraction": 0.025}: share of each category
-- param redistribute = true: give what a category can't fill to the others
-- param gamma = 80: percentile of p in its category below which a cluster's best sample is dropped
-- param max_tokens = 4096: longer samples are no candidates
-- param f_exponent = 1.0: how much difficulty weighs: f^a · q^b ranks the samples
-- param q_exponent = 1.0: how much quality weighs
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
-- param metric = "euclidean": distance of the clusters, or "cosine"
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
{% import "laser.sql" as laser %}
WITH candidates AS (
    SELECT sample_id, category, f, q, p, {{ laser.preference(f_exponent, q_exponent) }} AS preference
    FROM pool
    WHERE {{ candidate }}
),

quotas AS (
{{ laser.quotas(quotas, m, redistribute) }}
),

-- One cluster per sample wanted: k = m_l.
groups AS (
{{ laser.groups() }}
),

clusters AS (
    SELECT category, quota, unnest(ids) AS sample_id, unnest(kmeans(ids, quota, {{ seed }})) AS cluster
    FROM groups
),

floors AS (
    SELECT category, quantile_cont(preference, {{ gamma }} / 100) AS floor
    FROM candidates
    GROUP BY category
),

ranked AS (
    SELECT
        c.*,
        k.cluster,
        k.quota,
        -- The margin is for quantile_cont, whose interpolation can be off by the last bit.
        preference >= floor - 1e-12 AND row_number() OVER (
            PARTITION BY c.category, k.cluster ORDER BY preference DESC, c.sample_id
        ) = 1 AS is_best
    FROM candidates c
    JOIN clusters k USING (sample_id)
    JOIN floors ON floors.category = c.category
)

SELECT sample_id, CASE WHEN is_best THEN 'cluster' ELSE 'fill' END AS reason, category, cluster, f, q, p
FROM ranked
QUALIFY row_number() OVER (PARTITION BY category ORDER BY is_best DESC, preference DESC, sample_id) <= quota
ORDER BY preference DESC, sample_id
