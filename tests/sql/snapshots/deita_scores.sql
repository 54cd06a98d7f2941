WITH scored AS (
    SELECT t.sample_id, sum(round((c.score * q.score) * 4294967296.0)) / 4294967296.0 AS score
    FROM turns t
    JOIN score_deita_complexity c USING (turn_id)
    JOIN score_deita_quality q USING (turn_id)
    WHERE c.score IS NOT NULL AND q.score IS NOT NULL
    GROUP BY t.sample_id
)

SELECT sample_id, 'deita' AS reason
FROM pool
JOIN scored USING (sample_id)
WHERE sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_deita_complexity" s USING (turn_id) WHERE s.score IS NOT NULL) AND sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_deita_quality" s USING (turn_id) WHERE s.score IS NOT NULL)
ORDER BY score DESC, sample_id
LIMIT 10
