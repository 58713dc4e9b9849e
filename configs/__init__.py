"""Settings and declarative configuration: read once at the composition root, injected everywhere else."""
