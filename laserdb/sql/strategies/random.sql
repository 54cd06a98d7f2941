-- purpose: uniformly at random, the baseline that every method has to beat
-- source: LASER §4.1
{% import "laser.sql" as laser %}
SELECT sample_id, 'random' AS reason
FROM pool
ORDER BY {{ laser.shuffled(seed) }}
LIMIT {{ m }}
