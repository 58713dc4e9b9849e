"""Watching how automated decisions treat groups of people, and stopping them where figures are beyond their limits."""
