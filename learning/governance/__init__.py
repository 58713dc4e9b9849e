"""The governor's law: a constitution, what it is asked about, and the pure judgement of it. No I/O, no Ray."""
