-- purpose: always the sample farthest from all chosen ones, beginning with the highest preference
-- source: Gonzalez 1985; Sener and Savarese 2018 (core-set)
-- needs: category, difficulty, quality, tokens, embedding
-- param max_tokens = 4096: longer samples are no candidates
-- param f_exponent = 1.0: how much difficulty weighs: f^a · q^b ranks the samples
-- param q_exponent = 1.0: how much quality weighs
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
{% import "laser.sql" as laser %}
WITH greedy AS (
    SELECT k_center(list(sample_id ORDER BY {{ laser.preference(f_exponent, q_exponent) }} DESC, sample_id), {{ m }}) AS ids
    FROM pool
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "greedy") }}
)

SELECT sample_id, 'farthest' AS reason
FROM chosen
ORDER BY position
