"""What is fast and how good it is: commands that print figures, as ratios against a peer in the same run."""
