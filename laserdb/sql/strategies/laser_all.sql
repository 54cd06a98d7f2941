-- purpose: laser with one clustering over everything, without category quotas
-- source: LASER §3.3, A.4.2 (ablation)
-- needs: category, difficulty, quality, tokens, embedding
-- param gamma = 80: percentile of p below which a cluster's best sample is dropped
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

groups AS (
    SELECT list(sample_id ORDER BY sample_id) AS ids, quantile_cont(preference, {{ gamma }} / 100) AS floor
    FROM candidates
),

clusters AS (
    SELECT unnest(ids) AS sample_id, unnest(kmeans(ids, {{ m }}, {{ seed }})) AS cluster, floor
    FROM groups
),

ranked AS (
    SELECT
        c.*,
        k.cluster,
        -- The margin is for quantile_cont, whose interpolation can be off by the last bit.
        preference >= floor - 1e-12 AND row_number() OVER (
            PARTITION BY k.cluster ORDER BY preference DESC, c.sample_id
        ) = 1 AS is_best
    FROM candidates c
    JOIN clusters k USING (sample_id)
)

SELECT sample_id, CASE WHEN is_best THEN 'cluster' ELSE 'fill' END AS reason, category, cluster, f, q, p
FROM ranked
QUALIFY row_number() OVER (ORDER BY is_best DESC, preference DESC, sample_id) <= {{ m }}
ORDER BY preference DESC, sample_id
