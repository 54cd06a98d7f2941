WITH candidates AS (
    SELECT sample_id, category, f, q, p, p AS preference
    FROM pool
    WHERE category IS NOT NULL AND f IS NOT NULL AND q IS NOT NULL AND tokens IS NOT NULL AND embedded AND tokens <= 4096
),

groups AS (
    SELECT list(sample_id ORDER BY sample_id) AS ids, quantile_cont(preference, 80 / 100) AS floor
    FROM candidates
),

clusters AS (
    SELECT unnest(ids) AS sample_id, unnest(kmeans(ids, 10, 0)) AS cluster, floor
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
QUALIFY row_number() OVER (ORDER BY is_best DESC, preference DESC, sample_id) <= 10
ORDER BY preference DESC, sample_id
