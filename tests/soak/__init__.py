"""Random sessions with every public class, and checks of each step: python -m tests.soak."""
