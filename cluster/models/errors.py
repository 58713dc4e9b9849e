"""What can go wrong before a local model answers.

ModelFailure
├── ExtraMissing      vLLM, or what fetching needs, is not installed
├── ModelUnknown      neither a name, nor a folder with a model, nor a Hugging Face id
├── FetchFailed       it could not be downloaded, or made out of what was
└── ModelDamaged      a file is not what was written
"""

from __future__ import annotations

from configs.errors import AzoraError


class ModelFailure(AzoraError):
    """The root."""

    type = "local-model"
    title = "The local model cannot be used"


class ExtraMissing(ModelFailure):
    """`what` names the module that is missing."""

    title = "Local models are not installed"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not installed here. Local models need vLLM, 4 GB on disk: `make llm` puts it into a virtual"
            " environment of its own, .venv-llm (docs/MODELS.md)."
        )


class ModelUnknown(ModelFailure):
    title = "There is no such model"


class FetchFailed(ModelFailure):
    title = "The model could not be fetched"


class ModelDamaged(ModelFailure):
    title = "The model's files are damaged"
