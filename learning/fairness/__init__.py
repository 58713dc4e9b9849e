"""How well and how evenly predictions treat groups of people. Group attributes are used here and nowhere else."""
