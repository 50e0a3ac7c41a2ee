"""Evaluation of models: link prediction and node classification."""
