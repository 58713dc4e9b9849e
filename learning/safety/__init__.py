"""Signals about texts: instructions aimed at a model, statements without support, copied passages, and leaks."""
