WITH tags AS (
    SELECT sample_id, list(DISTINCT tag ORDER BY tag) AS tags
    FROM (
        SELECT t.sample_id, unnest(from_json(s.tags, '["VARCHAR"]')) AS tag
        FROM turns t
        JOIN score_instag s USING (turn_id)
        WHERE s.error IS NULL
    )
    GROUP BY sample_id
),

greedy AS (
    SELECT information_gain(
        list(sample_id ORDER BY sample_id),
        list(tags ORDER BY sample_id),
        list(q ORDER BY sample_id),
        10,
        0.9::DOUBLE
    ) AS ids
    FROM pool
    JOIN tags USING (sample_id)
    WHERE category IS NOT NULL AND q IS NOT NULL AND sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_instag" s USING (turn_id) WHERE s.score IS NOT NULL) AND embedded
),

chosen AS (
    SELECT unnest(ids) AS sample_id, generate_subscripts(ids, 1) AS position
    FROM greedy
)

SELECT sample_id, 'information' AS reason
FROM chosen
ORDER BY position
