WITH scored AS (
    SELECT t.sample_id, sum(round((s.score) * 4294967296.0)) / 4294967296.0 / count(s.score) AS score
    FROM turns t
    JOIN score_ifd s USING (turn_id)
    WHERE s.score IS NOT NULL
    GROUP BY t.sample_id
)

SELECT sample_id, 'ifd' AS reason
FROM pool
JOIN scored USING (sample_id)
WHERE sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_ifd" s USING (turn_id) WHERE s.score IS NOT NULL) AND score < 1.0::DOUBLE
ORDER BY score DESC, sample_id
LIMIT 10
