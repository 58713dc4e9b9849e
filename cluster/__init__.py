"""How Azora runs on machines: this computer, a Ray cluster, Kubernetes."""
