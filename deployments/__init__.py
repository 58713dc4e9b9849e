"""HTTP: one folder per service, each the same shape, over the shared `kit`."""
