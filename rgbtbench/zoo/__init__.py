"""The models: one module per method, and what they share. Nothing here is imported before a model is asked for."""
