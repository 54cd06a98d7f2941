-- purpose: relevance times diversity by a determinantal point process, greedily
-- source: Chen, Zhang and Zhou 2018 (fast greedy MAP)
-- needs: category, difficulty, quality, tokens, embedding
-- param trade = 0.7: how much the preference counts beside diversity, from 0 to below 1
-- param width = 0.3: width of the kernel in 1 − cosine
-- param max_tokens = 4096: longer samples are no candidates
-- param f_exponent = 1.0: how much difficulty weighs: f^a · q^b ranks the samples
-- param q_exponent = 1.0: how much quality weighs
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
{% import "laser.sql" as laser %}
WITH greedy AS (
    SELECT dpp(
        list(sample_id ORDER BY sample_id),
        list({{ laser.preference(f_exponent, q_exponent) }} ORDER BY sample_id),
        {{ m }},
        {{ trade }},
        {{ width }},
        {{ seed }}
    ) AS ids
    FROM pool
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "greedy") }}
)

SELECT sample_id, 'determinant' AS reason
FROM chosen
ORDER BY position
