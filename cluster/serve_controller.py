"""What Serve's controller does besides, as it starts (`RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH`)."""

from __future__ import annotations

from cluster.spreading import serve as spreading
from cluster.warm_workers import keeping
from stores.vaulted import load_settings


def install() -> None:
    """Place and move replicas our way, and have nodes keep workers ready."""
    mover = spreading.install()
    keeping.keep(lambda: load_settings().warm_workers, mover.is_settled if mover is not None else lambda: True)
