"""What a worker imports that Ray has started ahead: what every replica needs, and with it most of what an actor does.

Importing this module does it, as `RAY_preload_python_modules` has every worker do. Ray starts other workers for a job,
which they name in `RAY_JOB_ID`: those have their work already, and it says what to import.
"""

from __future__ import annotations

import importlib
import os

_OF_A_JOB = "RAY_JOB_ID"

if _OF_A_JOB not in os.environ:
    importlib.import_module("ray.serve._private.replica")
    importlib.import_module("serve_app")
