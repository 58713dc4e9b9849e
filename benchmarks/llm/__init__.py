"""What asking a model through the platform costs beside asking it directly, and beside LiteLLM's proxy."""
