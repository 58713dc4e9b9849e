"""Drafting course content out of text that is there: questions, rubrics, outlines, and what a unit could do better."""
