WITH greedy AS (
    SELECT facility_location(list(sample_id ORDER BY sample_id), 10, 32, 0) AS ids
    FROM pool
    WHERE tokens IS NOT NULL AND embedded AND tokens <= 4096
),

chosen AS (
    SELECT unnest(ids) AS sample_id, generate_subscripts(ids, 1) AS position
    FROM greedy
)

SELECT sample_id, 'facility' AS reason
FROM chosen
ORDER BY position
