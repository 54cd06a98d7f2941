"""Evaluation: importing item-level results of models, difficulty targets, measuring scorers against them."""
