"""The governor: which constitution is in force for whom, and decisions written down with what they rest on."""
