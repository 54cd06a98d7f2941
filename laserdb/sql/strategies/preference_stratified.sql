-- purpose: the highest difficulty × quality within category quotas, without clusters
-- source: LASER §3.3 (ablation)
-- needs: category, difficulty, quality, tokens
-- param quotas = {"Math": 0.25, "Coding": 0.25, "Generation": 0.25, "Reasoning": 0.1, "Brainstorming": 0.1, "Factual QA": 0.025, "Extraction": 0.025}: share of each category
-- param redistribute = true: give what a category can't fill to the others
-- param max_tokens = 4096: longer samples are no candidates
-- param f_exponent = 1.0: how much difficulty weighs: f^a · q^b ranks the samples
-- param q_exponent = 1.0: how much quality weighs
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
{% import "laser.sql" as laser %}
WITH candidates AS (
    SELECT sample_id, category, {{ laser.preference(f_exponent, q_exponent) }} AS preference
    FROM pool
    WHERE {{ candidate }}
),

quotas AS (
{{ laser.quotas(quotas, m, redistribute) }}
)

SELECT sample_id, 'preference' AS reason
FROM candidates
JOIN quotas USING (category)
QUALIFY row_number() OVER (PARTITION BY category ORDER BY preference DESC, sample_id) <= quota
ORDER BY preference DESC, sample_id
