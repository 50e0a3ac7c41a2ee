"""Graphs in: nodes with names, edges as compressed rows both ways."""
