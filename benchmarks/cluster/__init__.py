"""Several nodes on this machine, broken on purpose, upgraded and scaled under a steady load."""
