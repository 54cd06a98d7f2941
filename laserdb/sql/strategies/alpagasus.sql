-- purpose: rated at least 4.5 of 5 by a judge, averaged over turns; equal ratings in random order
-- source: AlpaGasus, Chen et al. 2024
-- needs: alpagasus
-- param threshold = 4.5: the lowest rating to be chosen
-- param max_tokens = null: longer samples are no candidates
{% import "laser.sql" as laser %}
WITH scored AS (
    SELECT t.sample_id, {{ laser.total("s.score") }} / count(s.score) AS score
    FROM turns t
    JOIN score_alpagasus s USING (turn_id)
    WHERE s.score IS NOT NULL
    GROUP BY t.sample_id
)

SELECT sample_id, 'rating' AS reason
FROM pool
JOIN scored USING (sample_id)
WHERE {{ candidate }} AND score >= {{ threshold }}
ORDER BY score DESC, {{ laser.shuffled(seed) }}
LIMIT {{ m }}
