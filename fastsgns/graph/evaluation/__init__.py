"""How well a model predicts links and labels."""
