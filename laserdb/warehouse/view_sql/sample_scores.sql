-- What selection sees of a sample: category, difficulty f, quality q, preference p = f·q (DESIGN §4.1–4.4).
CREATE OR REPLACE VIEW sample_scores AS
WITH bounds AS (
    -- LASER §3.3: percentiles over all scored turns of the pool; failures are NULL and don't count.
    SELECT scorer, quantile_cont(score, 0.01) AS lo, quantile_cont(score, 0.99) AS hi
    FROM scores
    WHERE score IS NOT NULL AND (scorer = 'difficulty' OR scorer IN (SELECT scorer FROM routes))
    GROUP BY scorer
),
normalised AS (
    SELECT
        turn_id,
        scorer,
        -- quantile_cont's interpolation between equal values can be off by the last bit.
        CASE
            WHEN hi - lo <= 1e-12 * greatest(abs(hi), abs(lo)) THEN 0.5
            ELSE greatest(0.0, least(1.0, (score - lo) / (hi - lo)))
        END AS n
    FROM scores
    JOIN bounds USING (scorer)
    WHERE score IS NOT NULL
),
difficulty AS (
    -- Averaged in the order of the turns: a sum's last bit must not depend on the number of threads.
    SELECT t.sample_id, list_avg(list(n ORDER BY t.turn_index)) AS f
    FROM normalised
    JOIN turns t USING (turn_id)
    WHERE scorer = 'difficulty'
    GROUP BY t.sample_id
),
quality AS (
    -- Each turn by the scorer that its own category is routed to.
    SELECT t.sample_id, list_avg(list(n ORDER BY t.turn_index)) AS q
    FROM normalised
    JOIN turns t USING (turn_id)
    JOIN labels l USING (turn_id)
    JOIN routes r ON r.category = l.category AND r.scorer = normalised.scorer
    GROUP BY t.sample_id
),
counts AS (
    SELECT
        t.sample_id,
        sum(instruction_tokens)::BIGINT AS instruction_tokens,
        sum(response_tokens)::BIGINT AS response_tokens,
        arg_max(response_tokens, t.turn_index)::BIGINT AS last_response_tokens
    FROM token_counts
    JOIN turns t USING (turn_id)
    GROUP BY t.sample_id
)
SELECT
    s.sample_id,
    c.category,
    d.f,
    q.q,
    d.f * q.q AS p,
    k.instruction_tokens,
    k.response_tokens,
    k.instruction_tokens + k.response_tokens AS tokens,
    k.last_response_tokens
FROM samples s
LEFT JOIN sample_categories c USING (sample_id)
LEFT JOIN difficulty d USING (sample_id)
LEFT JOIN quality q USING (sample_id)
LEFT JOIN counts k USING (sample_id);
