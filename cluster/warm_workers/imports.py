"""What a worker imports that Ray has started ahead: what every replica needs, and with it most of what an actor does.

Importing this module does it, as `RAY_preload_python_modules` has every worker do. Ray starts other workers for a job,
and tells them which in `RAY_JOB_ID`: those have their work already, and it says what to import.
"""

from __future__ import annotations

import importlib
import os

_NO_JOB = "ffffffff"

if os.environ.get("RAY_JOB_ID") == _NO_JOB:
    importlib.import_module("ray.serve._private.replica")
    importlib.import_module("serve_app")
