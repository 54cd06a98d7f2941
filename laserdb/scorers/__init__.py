"""Scorers: whatever maps a text to an output row. They know turns and results, nothing of DuckDB."""
