"""What stands in front of the nodes: HAProxy's configuration, and definitions for Tyk."""
