-- purpose: the best answered, without categories or clusters
-- source: LASER §4.2.1, Figure 4 (ablation)
-- needs: category, quality, tokens
-- param max_tokens = 4096: longer samples are no candidates
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
SELECT sample_id, 'quality' AS reason
FROM pool
WHERE {{ candidate }}
ORDER BY q DESC, sample_id
LIMIT {{ m }}
