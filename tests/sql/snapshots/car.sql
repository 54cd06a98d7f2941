WITH candidates AS (
    SELECT sample_id, q, row_number() OVER (ORDER BY q DESC, sample_id) AS place
    FROM pool
    WHERE category IS NOT NULL AND q IS NOT NULL AND embedded
),

groups AS (
    SELECT list(sample_id ORDER BY sample_id) AS ids, greatest(1, floor(sqrt(count(sample_id) / 2)))::BIGINT AS k
    FROM candidates
),

clusters AS (
    SELECT unnest(ids) AS sample_id, unnest(kmeans(ids, k, 0)) AS cluster, k
    FROM groups
),

-- Everything else of a cluster comes after the best n1.
ranked AS (
    SELECT
        *,
        place <= coalesce(NULL::BIGINT, greatest(0, 10 - k * 1)) AS is_top,
        row_number() OVER (PARTITION BY cluster, is_top ORDER BY place) AS in_cluster
    FROM candidates
    JOIN clusters USING (sample_id)
)

SELECT
    sample_id,
    CASE WHEN is_top THEN 'top' WHEN in_cluster <= 1 THEN 'cluster' ELSE 'fill' END AS reason,
    cluster
FROM ranked
ORDER BY is_top DESC, in_cluster <= 1 DESC, place
LIMIT 10
