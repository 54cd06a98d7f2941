-- A row per chosen sample: the last turn as instruction and output, earlier turns as history.
SELECT
    s.sample_id,
    t.instruction,
    '' AS input,
    coalesce(t.output, '') AS output,
    coalesce(s.system, '') AS system,
    t.history
FROM samples s
JOIN (
    SELECT
        sample_id,
        arg_max(instruction, turn_index) AS instruction,
        -- Not the response of the last turn that has one: an unanswered turn has none.
        first(response ORDER BY turn_index DESC) AS output,
        list([instruction, coalesce(response, '')] ORDER BY turn_index)[:-2] AS history
    FROM turns
    SEMI JOIN chosen USING (sample_id)
    GROUP BY sample_id
) t USING (sample_id)
