WITH candidates AS (
    SELECT sample_id, category, f, q, p, p AS preference
    FROM pool
    WHERE category IS NOT NULL AND f IS NOT NULL AND q IS NOT NULL AND tokens IS NOT NULL AND embedded AND tokens <= 4096
),

quotas AS (
    SELECT
        unnest(list(category ORDER BY position)) AS category,
        unnest(apportion(
            10, list(weight ORDER BY position), list(supply ORDER BY position), true
        )) AS quota
    FROM (
        SELECT w.category, w.weight, w.position, count(c.sample_id) AS supply
        FROM (
            VALUES
                ('Math', 0.25::DOUBLE, 1),
                ('Coding', 0.25::DOUBLE, 2),
                ('Generation', 0.25::DOUBLE, 3),
                ('Reasoning', 0.1::DOUBLE, 4),
                ('Brainstorming', 0.1::DOUBLE, 5),
                ('Factual QA', 0.025::DOUBLE, 6),
                ('Extraction', 0.025::DOUBLE, 7)
        ) w (category, weight, position)
        LEFT JOIN candidates c USING (category)
        GROUP BY w.category, w.weight, w.position
    )
),

-- One cluster per sample wanted: k = m_l.
groups AS (
    SELECT category, quota, list(sample_id ORDER BY sample_id) AS ids
    FROM candidates
    JOIN quotas USING (category)
    WHERE quota > 0
    GROUP BY category, quota
),

clusters AS (
    SELECT category, quota, unnest(ids) AS sample_id, unnest(kmeans(ids, quota, 0)) AS cluster
    FROM groups
),

floors AS (
    SELECT category, quantile_cont(preference, 80 / 100) AS floor
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
