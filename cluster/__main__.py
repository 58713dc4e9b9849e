"""`python -m cluster` is `azora`, for where the console script is not on the PATH."""

from cluster.cli import main

if __name__ == "__main__":
    main()
