"""Replicas of a service on different nodes, also after a node was lost and another one joined."""
