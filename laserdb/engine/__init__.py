"""The engine: pending texts → batches → scorer → append; templates → selections. No SQL, no model code."""
