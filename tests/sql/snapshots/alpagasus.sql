WITH scored AS (
    SELECT t.sample_id, sum(round((s.score) * 4294967296.0)) / 4294967296.0 / count(s.score) AS score
    FROM turns t
    JOIN score_alpagasus s USING (turn_id)
    WHERE s.score IS NOT NULL
    GROUP BY t.sample_id
)

SELECT sample_id, 'rating' AS reason
FROM pool
JOIN scored USING (sample_id)
WHERE sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_alpagasus" s USING (turn_id) WHERE s.score IS NOT NULL) AND score >= 4.5::DOUBLE
ORDER BY score DESC, md5(concat(0, ':', sample_id)), sample_id
LIMIT 10
