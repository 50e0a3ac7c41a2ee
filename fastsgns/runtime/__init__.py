"""The machine: threads, memory, progress bars, the terminal, interrupts."""
