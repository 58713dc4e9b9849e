"""Enrolments: who takes which course, how far they are, what they scored, and the certificate at the end."""
