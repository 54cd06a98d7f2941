-- The category of a sample: the most frequent label of its turns; a tie goes to the label that
-- comes first in the conversation (DESIGN §4.4).
CREATE OR REPLACE VIEW sample_categories AS
WITH counts AS (
    SELECT t.sample_id, l.category, count(*) AS n, min(t.turn_index) AS first_turn
    FROM turns t
    JOIN labels l USING (turn_id)
    GROUP BY t.sample_id, l.category
)
SELECT sample_id, arg_max(category, (n, -first_turn)) AS category
FROM counts
GROUP BY sample_id;
