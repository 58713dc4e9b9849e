"""What can go wrong with Ray and Ray Serve.

RuntimeFailure
├── RayStartFailed       Ray or Serve did not come up, or does not answer
├── DeploymentFailed     an application did not become ready
└── GivenUp              whoever waited for it does not want it any more
"""

from __future__ import annotations

from configs.errors import AzoraError


class RuntimeFailure(AzoraError):
    """Base of what can go wrong here."""

    type = "runtime"
    title = "Ray is not running"


class RayStartFailed(RuntimeFailure):
    """Ray or Serve did not come up."""

    title = "Ray did not start"


class DeploymentFailed(RuntimeFailure):
    """An application did not become ready. The message has Serve's reason, `extra["states"]` all that Serve says."""

    title = "An application did not start"


class GivenUp(RuntimeFailure):
    """Nobody waits for the applications any more."""

    title = "Stopped before everything was up"
