"""Governance: the audit log for those who audit, and the constitution for those who answer for it."""
