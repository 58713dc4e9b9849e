"""A tutor for every course: answers from the material that a learner reads, and hints at what quizzes ask of them."""
