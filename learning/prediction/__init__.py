"""Who may withdraw or fail, from what they did up to a day; and why, in words.

A linear model over behaviour relative to the learner's own cohort. Attributes of the person (gender, age, disability,
where they live, what they studied before) are no features.
"""
