"""The live progress of a task: its journal, line by line, from wherever a client stands."""
