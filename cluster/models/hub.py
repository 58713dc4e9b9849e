"""Models from the Hugging Face Hub."""

from __future__ import annotations

import re
import shutil

from cluster.models.errors import ExtraMissing, FetchFailed
from cluster.models.store import Manifest, ModelStore, Progress

HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$")
# Weights as safetensors alone: the other forms hold the same again, and pickles run code when they are read.
_WANTED = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model", "LICENSE*", "README.md")
_UNWANTED = ("original/*", "onnx/*", "*.onnx", "consolidated*")


def fetch_from_hub(hub_id: str, name: str, store: ModelStore, progress: Progress) -> Manifest:
    """The newest revision of `hub_id` as model `name`. Files that are there already are not fetched again.

    `HF_ENDPOINT` names another hub, `HF_TOKEN` the key for models that ask for one.
    Raises `ExtraMissing`, `FetchFailed`.
    """
    try:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
    except ImportError as error:
        raise ExtraMissing("huggingface_hub") from error
    part = store.part(name)
    try:
        progress(f"Asking the hub for {hub_id}")
        described = HfApi().model_info(hub_id)
        progress(f"Downloading {hub_id} at {str(described.sha)[:12]}")
        snapshot_download(
            hub_id,
            revision=described.sha,
            local_dir=part,
            allow_patterns=list(_WANTED),
            ignore_patterns=list(_UNWANTED),
        )
    except GatedRepoError as error:
        raise FetchFailed(
            f"{hub_id} asks you to accept its licence: do so on its page, then set HF_TOKEN to a token of yours."
        ) from error
    except RepositoryNotFoundError as error:
        raise FetchFailed(f"The hub has no model {hub_id}, or it is private and HF_TOKEN is not set.") from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise FetchFailed(f"{hub_id} could not be downloaded: {_first_line(error)}") from error
    shutil.rmtree(part / ".cache", ignore_errors=True)  # the hub client's own notes
    if not any(part.glob("*.safetensors")):
        raise FetchFailed(f"{hub_id} has no weights as safetensors.")
    licence = getattr(described.card_data, "license", None)
    return store.adopt(name, f"{hub_id}@{described.sha}", licence if isinstance(licence, str) else None)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
