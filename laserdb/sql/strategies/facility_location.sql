-- purpose: the samples that best stand for all others, greedily, on a graph of nearest neighbours
-- source: Minoux 1978 (lazy greedy); Wei, Iyer and Bilmes 2015
-- needs: tokens, embedding
-- param neighbours = 32: how many nearest neighbours of each sample count
-- param max_tokens = 4096: longer samples are no candidates
-- param embedder = null: model of the vectors, where there are several (null: the one that has most)
{% import "laser.sql" as laser %}
WITH greedy AS (
    SELECT facility_location(list(sample_id ORDER BY sample_id), {{ m }}, {{ neighbours }}, {{ seed }}) AS ids
    FROM pool
    WHERE {{ candidate }}
),

chosen AS (
{{ laser.in_order("ids", "greedy") }}
)

SELECT sample_id, 'facility' AS reason
FROM chosen
ORDER BY position
