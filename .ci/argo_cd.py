"""Argo CD's applications against `argo-cd.schema.json`, and what no schema says: that they point at what is there.

python .ci/argo_cd.py cluster/argocd/applications.yaml
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

SCHEMA = Path(__file__).with_name("argo-cd.schema.json")
ROOT = Path(__file__).resolve().parent.parent


def problems(documents: list[dict[str, Any]]) -> Iterator[str]:
    """What Argo CD would refuse, or look for in vain."""
    schema = json.loads(SCHEMA.read_text())
    kinds = {one["properties"]["kind"]["const"]: one | {"$defs": schema["$defs"]} for one in schema["oneOf"]}
    projects = {one["metadata"]["name"]: one for one in documents if one["kind"] == "AppProject"}
    for document in documents:
        named = f"{document['kind']} {document['metadata']['name']}"
        if document["kind"] not in kinds:
            yield f"{named}: there is no schema for this kind"
            continue
        for error in jsonschema.Draft202012Validator(kinds[document["kind"]]).iter_errors(document):
            yield f"{named}: {'.'.join(map(str, error.absolute_path)) or '.'}: {error.message[:300]}"
        if document["kind"] == "Application":
            yield from (f"{named}: {problem}" for problem in _astray(document["spec"], projects))


def _astray(spec: dict[str, Any], projects: dict[str, dict[str, Any]]) -> Iterator[str]:
    if not (ROOT / spec["source"]["path"] / "kustomization.yaml").is_file():
        yield f"there is no overlay {spec['source']['path']}"
    if spec["project"] not in projects:
        yield f"there is no project {spec['project']}"
        return
    project = projects[spec["project"]]["spec"]
    if spec["destination"] not in project["destinations"]:
        yield "its project does not permit its destination"
    if spec["source"]["repoURL"] not in project["sourceRepos"]:
        yield "its project does not permit its repository"


def main() -> int:
    found = list(problems([one for one in yaml.safe_load_all(Path(sys.argv[1]).read_text()) if one]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
