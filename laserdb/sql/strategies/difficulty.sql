-- purpose: the hardest, without categories or clusters
-- source: LASER §4.2.1, Figure 4 (ablation)
-- needs: difficulty, tokens
-- param max_tokens = 4096: longer samples are no candidates
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
SELECT sample_id, 'difficulty' AS reason
FROM pool
WHERE {{ candidate }}
ORDER BY f DESC, sample_id
LIMIT {{ m }}
