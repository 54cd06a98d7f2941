-- purpose: the highest difficulty × quality within category quotas, without clusters
-- source: LASER §3.3 (ablation)
-- needs: category, difficulty, quality, tokens
-- param quotas = {"Math": 0.25, "Coding": 0.25, "Generation": 0.25, "Reasoning": 0.1, "Brainstorming": 0.1, "Factual QA": 0.025, "Extraction": 0.025}: share of each category
-- param redistribute = true: give what a category can't fill to the others
-- param max_tokens = 4096: longer samples are no candidates
{% import "laser.sql" as laser %}
WITH candidates AS (
    SELECT sample_id, category, p FROM pool WHERE {{ candidate }}
),

quotas AS (
{{ laser.quotas(quotas, m, redistribute) }}
)

SELECT sample_id, 'preference' AS reason
FROM candidates
JOIN quotas USING (category)
QUALIFY row_number() OVER (PARTITION BY category ORDER BY p DESC, sample_id) <= quota
ORDER BY p DESC, sample_id
