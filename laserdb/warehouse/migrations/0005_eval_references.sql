-- The right answer of an item, for scorers that read responses (ifd, deita_quality).
ALTER TABLE eval_items ADD COLUMN reference VARCHAR;
