"""Models of directed links: nodes of a graph, pairs, and factors of a proximity."""
