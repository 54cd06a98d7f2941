WITH responses AS (
    SELECT sample_id, sum(length(response)) AS characters
    FROM turns
    WHERE response IS NOT NULL
    GROUP BY sample_id
)

SELECT sample_id, 'longest' AS reason
FROM pool
JOIN responses USING (sample_id)
WHERE true
ORDER BY characters DESC, sample_id
LIMIT 10
