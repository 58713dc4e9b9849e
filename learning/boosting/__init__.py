"""Boosted trees: fitted by scikit-learn, kept as arrays, served by numpy."""
