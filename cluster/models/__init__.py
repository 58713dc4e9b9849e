"""Language models on our own machines: fetching them, describing them to Ray Serve, running vLLM."""
