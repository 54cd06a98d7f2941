-- purpose: complexity × quality summed over turns, without DEITA's filter by distance
-- source: DEITA, Liu et al. 2024 (LASER §4.1)
-- needs: deita_complexity, deita_quality
-- param max_tokens = null: longer samples are no candidates
{% import "laser.sql" as laser %}
WITH scored AS (
    SELECT t.sample_id, {{ laser.total("c.score * q.score") }} AS score
    FROM turns t
    JOIN score_deita_complexity c USING (turn_id)
    JOIN score_deita_quality q USING (turn_id)
    WHERE c.score IS NOT NULL AND q.score IS NOT NULL
    GROUP BY t.sample_id
)

SELECT sample_id, 'deita' AS reason
FROM pool
JOIN scored USING (sample_id)
WHERE {{ candidate }}
ORDER BY score DESC, sample_id
LIMIT {{ m }}
