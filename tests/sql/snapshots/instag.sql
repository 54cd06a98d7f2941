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

covering AS (
    SELECT tag_cover(
        list(sample_id ORDER BY len(tags) DESC, sample_id), list(tags ORDER BY len(tags) DESC, sample_id), 10
    ) AS ids
    FROM pool
    JOIN tags USING (sample_id)
    WHERE sample_id IN (SELECT turns.sample_id FROM turns JOIN "score_instag" s USING (turn_id) WHERE s.score IS NOT NULL)
),

chosen AS (
    SELECT unnest(ids) AS sample_id, generate_subscripts(ids, 1) AS position
    FROM covering
)

SELECT sample_id, 'tags' AS reason
FROM chosen
ORDER BY position
