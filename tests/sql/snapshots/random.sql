SELECT sample_id, 'random' AS reason
FROM pool
WHERE true
ORDER BY md5(concat(0, ':', sample_id)), sample_id
LIMIT 10
