-- purpose: uniformly at random, the baseline that every method has to beat
-- source: LASER §4.1
-- param max_tokens = null: longer samples are no candidates
{% import "laser.sql" as laser %}
SELECT sample_id, 'random' AS reason
FROM pool
WHERE {{ candidate }}
ORDER BY {{ laser.shuffled(seed) }}
LIMIT {{ m }}
