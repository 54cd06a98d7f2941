SELECT sample_id, 'preference' AS reason
FROM pool
WHERE category IS NOT NULL AND f IS NOT NULL AND q IS NOT NULL AND tokens IS NOT NULL AND tokens <= 4096
ORDER BY p DESC, sample_id
LIMIT 10
