"""Everything `azora up --llm` does before anything starts, so that a mistake shows at once."""

from __future__ import annotations

from pathlib import Path

from cluster.console import out
from cluster.installation import home_of
from cluster.models.finding import find
from cluster.models.local import LOGICAL_CPUS, LocalRun, plan, this_device, write_table
from cluster.models.store import ModelStore
from cluster.models.values import Adapters
from configs.errors import ConfigurationError
from configs.models import load_models
from configs.settings import Settings

ADAPTERS = "adapters"
_TABLE = "models.yaml"


def prepared(settings: Settings, wanted: str) -> tuple[Settings, LocalRun]:
    """Find the model, fetch it if need be, and enter it in a table of models of its own; gives the settings for it.

    Blocks, for minutes where there is something to fetch. Raises `ModelFailure` and `ConfigurationError`.
    """
    if settings.ray_address:
        raise ConfigurationError(
            ["--llm: on a cluster a model is an application of the Serve configuration (docs/MODELS.md)"]
        )
    device = this_device()
    home = home_of(settings).create()
    with out.status(f"Language model {wanted}") as status:
        found = find(wanted, ModelStore(home.models), status.update)
        run = plan(found, device, _adapters(home.root / ADAPTERS / found.name))
    table = write_table(run, settings.models_file, home.run / _TABLE)
    load_models(table)
    return (
        settings.model_copy(
            update={"models_file": table, "ray_logical_cpus": settings.ray_logical_cpus + LOGICAL_CPUS}
        ),
        run,
    )


def _adapters(folder: Path) -> Adapters | None:
    """LoRA adapters of organisations, where the home has a folder for those of the model; it may fill up later."""
    return Adapters(location=str(folder)) if folder.is_dir() else None
