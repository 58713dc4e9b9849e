"""Several Ray nodes on one machine, each in a network of its own, as they would be on several machines."""
