"""What a replica of a local model does before it loads the weights. Imported only where vLLM is installed."""

from __future__ import annotations

from ray.llm._internal.common.callbacks.base import CallbackBase


class FilesAreThere(CallbackBase):  # type: ignore[misc]
    """Ray would start a process on each machine, import vLLM in it and find that a folder needs no download."""

    async def on_before_node_init(self) -> None:
        """Called by Ray."""
        self.ctx.run_init_node = False
