"""Where the LoRA adapters of organisations come from. Imported only where vLLM is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import HTTPException
from ray.llm._internal.common.models import global_id_manager
from ray.llm._internal.serve.core.configs.llm_config import DiskMultiplexConfig
from ray.llm._internal.serve.utils.lora_serve_utils import LoraModelLoader

from cluster.models.values import Adapters

_DESCRIPTION = "adapter_config.json"


class AdapterLoader(LoraModelLoader):  # type: ignore[misc]
    """Ray's own loader fetches from object storage; this one takes adapters out of a folder that is there already."""

    folder: Path

    @classmethod
    def of(cls, adapters: Adapters | None) -> type[LoraModelLoader] | None:
        """The loader for a location; None is Ray's own."""
        if adapters is None or "://" in adapters.location:
            return None
        return type("FolderLoader", (cls,), {"folder": Path(adapters.location)})

    async def load_model_from_config(self, lora_model_id: str, llm_config: Any) -> Any:
        """The adapter of `model:organisation`. Raises `HTTPException` 404 where the organisation has none."""
        organisation = lora_model_id.rpartition(":")[2]
        path = self.folder / organisation
        if path.parent != self.folder or not (path / _DESCRIPTION).is_file():
            raise HTTPException(404, f"{organisation} has no adapter")
        if (known := self.disk_cache.get(lora_model_id)) is None:
            known = self.disk_cache[lora_model_id] = DiskMultiplexConfig(
                model_id=lora_model_id,
                max_total_tokens=None,
                local_path=str(path),
                lora_assigned_int_id=global_id_manager.next(),
            )
        return known
