-- purpose: the highest instruction-following difficulty below 1, averaged over turns
-- source: Li et al. 2024 (Superfiltering)
-- needs: ifd
-- param highest = 1.0: a score of this or more means that the instruction doesn't help with the response
-- param max_tokens = null: longer samples are no candidates
{% import "laser.sql" as laser %}
WITH scored AS (
    SELECT t.sample_id, {{ laser.total("s.score") }} / count(s.score) AS score
    FROM turns t
    JOIN score_ifd s USING (turn_id)
    WHERE s.score IS NOT NULL
    GROUP BY t.sample_id
)

SELECT sample_id, 'ifd' AS reason
FROM pool
JOIN scored USING (sample_id)
WHERE {{ candidate }} AND score < {{ highest }}
ORDER BY score DESC, sample_id
LIMIT {{ m }}
