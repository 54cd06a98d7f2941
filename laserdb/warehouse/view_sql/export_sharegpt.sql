-- Conversations as from and value, the shape of ShareGPT; read FROM export_messages.sql.
SELECT
    sample_id,
    list_transform(
        messages,
        lambda m: {
            'from': CASE m.role WHEN 'user' THEN 'human' WHEN 'assistant' THEN 'gpt' ELSE m.role END,
            'value': m.content
        }
    ) AS conversations
