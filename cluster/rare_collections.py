"""Python looks for cycles of garbage seldom in Ray's workers.

By default it looks after every 700 new objects, and a worker that starts makes hundreds of thousands that all stay:
modules, routes, schemas. That was a tenth of the processor time that a replica or an actor takes to start.

Importing this module does it, as `RAY_preload_python_modules` has every worker do.
"""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000

gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
