WITH candidates AS (
    SELECT sample_id, category, p AS preference
    FROM pool
    WHERE category IS NOT NULL AND f IS NOT NULL AND q IS NOT NULL AND tokens IS NOT NULL AND tokens <= 4096
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
)

SELECT sample_id, 'preference' AS reason
FROM candidates
JOIN quotas USING (category)
QUALIFY row_number() OVER (PARTITION BY category ORDER BY preference DESC, sample_id) <= quota
ORDER BY preference DESC, sample_id
