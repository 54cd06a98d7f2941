-- purpose: the samples with the longest responses, in characters; of a conversation the last response counts
-- source: LASER §4.1, footnote 7; Zhao et al. 2024
-- param max_tokens = null: longer samples are no candidates
WITH last_responses AS (
    SELECT sample_id, arg_max(length(response), turn_index) AS characters
    FROM turns
    WHERE response IS NOT NULL
    GROUP BY sample_id
)

SELECT sample_id, 'longest' AS reason
FROM pool
JOIN last_responses USING (sample_id)
WHERE {{ candidate }}
ORDER BY characters DESC, sample_id
LIMIT {{ m }}
