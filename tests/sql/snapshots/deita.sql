WITH scored AS (
    SELECT t.sample_id, sum(round((c.score * q.score) * 4294967296.0)) / 4294967296.0 AS score
    FROM turns t
    JOIN score_deita_complexity c USING (turn_id)
    JOIN score_deita_quality q USING (turn_id)
    WHERE c.score IS NOT NULL AND q.score IS NOT NULL
    GROUP BY t.sample_id
),

filtered AS (
    SELECT far_apart(list(sample_id ORDER BY score DESC, sample_id), 10, 0.9::DOUBLE) AS ids
    FROM pool
    JOIN scored USING (sample_id)
    WHERE sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_deita_complexity" s USING (turn_id) WHERE s.score IS NOT NULL) AND sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_deita_quality" s USING (turn_id) WHERE s.score IS NOT NULL) AND embedded
),

chosen AS (
    SELECT unnest(ids) AS sample_id, generate_subscripts(ids, 1) AS position
    FROM filtered
)

SELECT sample_id, 'deita' AS reason
FROM chosen
ORDER BY position
