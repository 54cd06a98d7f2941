-- A row per chosen sample: conversations as from and value, the shape of ShareGPT.
SELECT
    s.sample_id,
    CASE
        WHEN s.messages IS NOT NULL THEN list_transform(
            from_json(s.messages, '["JSON"]'),
            lambda m: {
                'from': CASE m ->> 'role' WHEN 'user' THEN 'human' WHEN 'assistant' THEN 'gpt' ELSE m ->> 'role' END,
                'value': coalesce(m ->> 'content', (m -> 'tool_calls')::VARCHAR, (m -> 'function_call')::VARCHAR, '')
            }
        )
        WHEN s.system IS NOT NULL THEN list_concat([{'from': 'system', 'value': s.system}], t.conversations)
        ELSE t.conversations
    END AS conversations
FROM samples s
JOIN (
    SELECT
        sample_id,
        flatten(list(
            CASE
                WHEN response IS NULL THEN [{'from': 'human', 'value': instruction}]
                ELSE [{'from': 'human', 'value': instruction}, {'from': 'gpt', 'value': response}]
            END
            ORDER BY turn_index
        )) AS conversations
    FROM turns
    SEMI JOIN chosen USING (sample_id)
    GROUP BY sample_id
) t USING (sample_id)
