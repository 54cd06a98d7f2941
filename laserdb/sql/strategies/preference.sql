-- purpose: the highest difficulty × quality, without categories or clusters
-- source: LASER §4.2.1, Figure 4 (ablation)
-- needs: category, difficulty, quality, tokens
-- param max_tokens = 4096: longer samples are no candidates
-- param f_exponent = 1.0: how much difficulty weighs: f^a · q^b ranks the samples
-- param q_exponent = 1.0: how much quality weighs
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
{% import "laser.sql" as laser %}
SELECT sample_id, 'preference' AS reason
FROM pool
WHERE {{ candidate }}
ORDER BY {{ laser.preference(f_exponent, q_exponent) }} DESC, sample_id
LIMIT {{ m }}
