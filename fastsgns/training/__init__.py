"""Training: sessions, the schedule of the learning rate, worker threads, and chunks."""
