SELECT sample_id, 'difficulty' AS reason
FROM pool
WHERE f IS NOT NULL AND tokens IS NOT NULL AND tokens <= 4096
ORDER BY f DESC, sample_id
LIMIT 10
