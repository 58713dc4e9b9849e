"""Agents: they carry out tasks whose plans are fixed before anything untrusted is read, and survive being killed."""
