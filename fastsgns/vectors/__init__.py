"""Vectors by key: look-up, edit, queries, evaluation."""
