-- purpose: always the sample farthest from all chosen ones, beginning with the highest p
-- source: Gonzalez 1985; Sener and Savarese 2018 (core-set)
-- needs: category, difficulty, quality, tokens, embedding
-- param max_tokens = 4096: longer samples are no candidates
{% import "laser.sql" as laser %}
WITH greedy AS (
    SELECT k_center(list(sample_id ORDER BY p DESC, sample_id), {{ m }}) AS ids
    FROM pool
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "greedy") }}
)

SELECT sample_id, 'farthest' AS reason
FROM chosen
ORDER BY position
