"""Training: the schedule, the worker threads, and what an epoch is made of."""
