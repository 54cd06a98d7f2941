-- purpose: complexity × quality summed over turns, skipping what is too similar to a kept sample
-- source: DEITA, Liu et al. 2024 (LASER §4.1)
-- needs: deita_complexity, deita_quality, embedding
-- param threshold = 0.9: cosine to a kept sample above which a sample is skipped
-- param max_tokens = null: longer samples are no candidates
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
{% import "laser.sql" as laser %}
WITH scored AS (
    SELECT t.sample_id, {{ laser.total("c.score * q.score") }} AS score
    FROM turns t
    JOIN score_deita_complexity c USING (turn_id)
    JOIN score_deita_quality q USING (turn_id)
    WHERE c.score IS NOT NULL AND q.score IS NOT NULL
    GROUP BY t.sample_id
),

filtered AS (
    SELECT far_apart(list(sample_id ORDER BY score DESC, sample_id), {{ m }}, {{ threshold }}) AS ids
    FROM pool
    JOIN scored USING (sample_id)
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "filtered") }}
)

SELECT sample_id, 'deita' AS reason
FROM chosen
ORDER BY position
