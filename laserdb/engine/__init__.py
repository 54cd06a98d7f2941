"""The engine: pending texts → batches → scorer → append, and templates → selections. No SQL, no model code."""
