"""Ray Serve without pandas.

Serve imports pandas to be able to encode data frames in answers, and with it pyarrow, in every process that has to do
with Serve: controller, proxies, replicas. Ours never answer with data frames. Without it such a process takes half the
time to start and 70 MB less memory, which decides how soon a replica that was lost is replaced.

Importing this module does it, as Ray's `RAY_preload_python_modules` imports it in every worker before anything else.
Pandas is hidden from that one module of Serve alone; whoever imports it otherwise has it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_SERVE = "ray.serve._private.utils"
_HIDDEN = "pandas"


class HidingFinder(MetaPathFinder):
    """Finds the module of Serve, once, and hides pandas while it runs: `import pandas` raises `ImportError` there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _SERVE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None and _HIDDEN not in sys.modules:
            execute = spec.loader.exec_module

            def without(module: ModuleType) -> None:
                sys.modules[_HIDDEN] = None  # type: ignore[assignment]  # what the import system takes for "not there"
                try:
                    execute(module)
                finally:
                    del sys.modules[_HIDDEN]

            spec.loader.exec_module = without  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Hide it, unless that is done or comes too late."""
    if _SERVE not in sys.modules and not any(isinstance(finder, HidingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, HidingFinder())


install()
