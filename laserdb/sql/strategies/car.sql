-- purpose: the best n1 of all, then the best n2 others of each of ⌊√(N/2)⌋ clusters
-- source: CaR, Ge et al. 2024
-- needs: category, quality, embedding
-- param n1 = null: how many come first by quality alone (null: what the clusters leave of m)
-- param n2 = 1: how many come from each cluster
-- param max_tokens = null: longer samples are no candidates
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
-- param metric = "euclidean": distance of the clusters, or "cosine"
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
WITH candidates AS (
    SELECT sample_id, q, row_number() OVER (ORDER BY q DESC, sample_id) AS place
    FROM pool
    WHERE {{ candidate }}
),

groups AS (
    SELECT list(sample_id ORDER BY sample_id) AS ids, greatest(1, floor(sqrt(count(sample_id) / 2)))::BIGINT AS k
    FROM candidates
),

clusters AS (
    SELECT unnest(ids) AS sample_id, unnest(kmeans(ids, k, {{ seed }})) AS cluster, k
    FROM groups
),

-- Everything else of a cluster comes after the best n1.
ranked AS (
    SELECT
        *,
        place <= coalesce({{ n1 }}::BIGINT, greatest(0, {{ m }} - k * {{ n2 }})) AS is_top,
        row_number() OVER (PARTITION BY cluster, is_top ORDER BY place) AS in_cluster
    FROM candidates
    JOIN clusters USING (sample_id)
)

SELECT
    sample_id,
    CASE WHEN is_top THEN 'top' WHEN in_cluster <= {{ n2 }} THEN 'cluster' ELSE 'fill' END AS reason,
    cluster
FROM ranked
{# Clusters that the best n1 have emptied leave something of m; with a given n1, that is a shortfall. #}
{% if n1 is not none %}
WHERE is_top OR in_cluster <= {{ n2 }}
{% endif %}
ORDER BY is_top DESC, in_cluster <= {{ n2 }} DESC, place
LIMIT {{ m }}
