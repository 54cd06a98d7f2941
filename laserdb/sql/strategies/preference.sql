-- purpose: the highest difficulty × quality, without categories or clusters
-- source: LASER §4.2.1, Figure 4 (ablation)
-- needs: category, difficulty, quality, tokens
-- param max_tokens = 4096: longer samples are no candidates
SELECT sample_id, 'preference' AS reason
FROM pool
WHERE {{ candidate }}
ORDER BY p DESC, sample_id
LIMIT {{ m }}
