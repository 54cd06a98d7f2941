WITH last_responses AS (
    SELECT sample_id, arg_max(length(response), turn_index) AS characters
    FROM turns
    WHERE response IS NOT NULL
    GROUP BY sample_id
)

SELECT sample_id, 'longest' AS reason
FROM pool
JOIN last_responses USING (sample_id)
WHERE true
ORDER BY characters DESC, sample_id
LIMIT 10
