"""Random walks on a graph, and their chunks for training."""
