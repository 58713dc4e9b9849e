"""How the platform runs on machines: the `azora` command, the embedded servers, Ray."""
