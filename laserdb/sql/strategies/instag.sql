-- purpose: most tags first, each sample bringing a tag that its pass hasn't covered yet
-- source: InsTag, Lu et al. 2024 (complexity-first diverse sampling)
-- needs: instag
-- param max_tokens = null: longer samples are no candidates
{% import "laser.sql" as laser %}
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
        list(sample_id ORDER BY len(tags) DESC, sample_id), list(tags ORDER BY len(tags) DESC, sample_id), {{ m }}
    ) AS ids
    FROM pool
    JOIN tags USING (sample_id)
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "covering") }}
)

SELECT sample_id, 'tags' AS reason
FROM chosen
ORDER BY position
