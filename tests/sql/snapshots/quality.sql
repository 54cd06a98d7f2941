SELECT sample_id, 'quality' AS reason
FROM pool
WHERE category IS NOT NULL AND q IS NOT NULL AND tokens IS NOT NULL AND tokens <= 4096
ORDER BY q DESC, sample_id
LIMIT 10
