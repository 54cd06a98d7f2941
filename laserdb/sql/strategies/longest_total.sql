-- purpose: the samples with the longest responses, in characters, summed over their turns
-- source: Zhao et al. 2024 (variant of longest)
-- param max_tokens = null: longer samples are no candidates
WITH responses AS (
    SELECT sample_id, sum(length(response)) AS characters
    FROM turns
    WHERE response IS NOT NULL
    GROUP BY sample_id
)

SELECT sample_id, 'longest' AS reason
FROM pool
JOIN responses USING (sample_id)
WHERE {{ candidate }}
ORDER BY characters DESC, sample_id
LIMIT {{ m }}
