WITH greedy AS (
    SELECT dpp(
        list(sample_id ORDER BY sample_id),
        list(p ORDER BY sample_id),
        10,
        0.7::DOUBLE,
        0.3::DOUBLE,
        0
    ) AS ids
    FROM pool
    WHERE category IS NOT NULL AND f IS NOT NULL AND q IS NOT NULL AND tokens IS NOT NULL AND embedded AND tokens <= 4096
),

chosen AS (
    SELECT unnest(ids) AS sample_id, generate_subscripts(ids, 1) AS position
    FROM greedy
)

SELECT sample_id, 'determinant' AS reason
FROM chosen
ORDER BY position
