"""`azora gateway`: what a gateway in front of the platform is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from cluster.console import explained, out
from stores.vaulted import load_settings

app = typer.Typer(help="Gateways in front of the platform.", no_args_is_help=True)


@app.callback()
def gateway() -> None:
    """Gateways in front of the platform."""


@app.command()
def tyk(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="where the definitions go")],
    upstream: Annotated[str, typer.Option(help="where Tyk finds the platform")] = "http://azora-serve-svc:8000",
) -> None:
    """Write Tyk's API definitions, one per service, and its policy."""
    from cluster.gateway.tyk import definition, policy
    from deployments.registry import NAMES, service

    with explained():
        settings = load_settings()
        documents = {f"{name}.json": definition(service(name), settings, upstream) for name in NAMES}
        documents["policies.json"] = {item["id"]: item for item in [policy(settings)]}
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in documents.items():
            (folder / name).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        out.print(f"{len(documents)} files in {folder}")
