"""Courses: the catalogue, authoring and publishing, what learners read, prerequisites and reviews."""
