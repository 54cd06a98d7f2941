WITH candidates AS (
    SELECT sample_id, category FROM pool WHERE category IS NOT NULL AND tokens IS NOT NULL AND embedded AND tokens <= 4096
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

-- Equal vectors make fewer clusters than the quota: others are then filled in at random.
ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY category, cluster ORDER BY md5(concat(0, ':', sample_id)), sample_id) = 1 AS is_drawn
    FROM clusters
)

SELECT sample_id, CASE WHEN is_drawn THEN 'cluster' ELSE 'fill' END AS reason, cluster
FROM ranked
QUALIFY row_number() OVER (PARTITION BY category ORDER BY is_drawn DESC, md5(concat(0, ':', sample_id)), sample_id) <= quota
ORDER BY md5(concat(0, ':', sample_id)), sample_id
