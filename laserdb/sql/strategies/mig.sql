-- purpose: the most information on a graph of tags, weighted by quality, greedily
-- source: MIG, Chen et al. 2025; a tag's vector is the mean of its samples' vectors
-- needs: category, quality, instag, embedding
-- param threshold = 0.9: cosine from which two tags share their information
-- param max_tokens = null: longer samples are no candidates
-- param percentiles = [1, 99]: percentiles of a scorer that become 0 and 1
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
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

greedy AS (
    SELECT information_gain(
        list(sample_id ORDER BY sample_id),
        list(tags ORDER BY sample_id),
        list(q ORDER BY sample_id),
        {{ m }},
        {{ threshold }}
    ) AS ids
    FROM pool
    JOIN tags USING (sample_id)
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "greedy") }}
)

SELECT sample_id, 'information' AS reason
FROM chosen
ORDER BY position
