-- A row per chosen sample: messages as role and content, the shape of TRL and chat templates.
SELECT
    s.sample_id,
    CASE
        WHEN s.messages IS NOT NULL THEN list_transform(
            from_json(s.messages, '["JSON"]'),
            lambda m: {
                'role': m ->> 'role',
                'content': CASE json_type(m, '$.content')
                    WHEN 'VARCHAR' THEN m ->> 'content'
                    -- Of content parts the texts: a trainer of text can't use an image.
                    WHEN 'ARRAY' THEN array_to_string(
                        list_filter(
                            list_transform(
                                from_json(m -> 'content', '["JSON"]'),
                                lambda part: CASE json_type(part)
                                    WHEN 'VARCHAR' THEN part ->> '$' ELSE part ->> 'text'
                                END
                            ),
                            lambda text: text IS NOT NULL
                        ),
                        chr(10)
                    )
                    -- A call without text is its own content: trainers want a text in every message.
                    ELSE coalesce((m -> 'tool_calls')::VARCHAR, (m -> 'function_call')::VARCHAR, '')
                END
            }
        )
        WHEN s.system IS NOT NULL THEN list_concat([{'role': 'system', 'content': s.system}], t.messages)
        ELSE t.messages
    END AS messages
FROM samples s
JOIN (
    SELECT
        sample_id,
        flatten(list(
            CASE
                WHEN response IS NULL THEN [{'role': 'user', 'content': instruction}]
                ELSE [{'role': 'user', 'content': instruction}, {'role': 'assistant', 'content': response}]
            END
            ORDER BY turn_index
        )) AS messages
    FROM turns
    SEMI JOIN chosen USING (sample_id)
    GROUP BY sample_id
) t USING (sample_id)
