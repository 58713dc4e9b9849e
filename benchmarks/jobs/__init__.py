"""Every job by its two commands, killed half way and started again."""
