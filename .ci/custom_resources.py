"""Checks of rendered Kubernetes manifests that ready-made tools do not do.

    python .ci/custom_resources.py RENDERED.yaml --pods PODS.yaml

Custom resources are compared with their own schemas: those in AZORA_SCHEMAS, else in `shared/schemas` above this.
They lie there as `group_version_Kind.json.gz`, or in definitions (CustomResourceDefinition) as their projects publish
them. Where no folder is named and none is there, that is said and left out. The pod templates inside Ray's resources
are written to PODS.yaml as plain pods, so that the tools for pods see them too.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

NATIVE = {"v1"} | {
    f"{group}/v1"
    for group in ("apps", "batch", "policy", "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io")
}


def schema_directory() -> Path | None:
    """Where the schemas are, None where they are not."""
    if given := os.environ.get("AZORA_SCHEMAS"):
        return Path(given)
    here = Path(__file__).resolve()
    return next((found for parent in here.parents if (found := parent / "shared" / "schemas").is_dir()), None)


def strict(schema: Any) -> Any:
    """The schema with unknown fields refused, as the API server's strict validation does."""
    if isinstance(schema, dict):
        out = {key: strict(value) for key, value in schema.items()}
        open_ended = out.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in out
        if "properties" in out and not open_ended:
            out["additionalProperties"] = False
        if out.get("x-kubernetes-int-or-string"):
            out.pop("type", None)
        return out
    return [strict(item) for item in schema] if isinstance(schema, list) else schema


@cache
def defined(directory: Path) -> dict[str, Any]:
    """The schemas of the definitions below a folder, by `group_version_Kind`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a definition of KubeRay's has a megabyte
    found = {}
    for path in sorted(directory.rglob("*.yaml")):
        for item in yaml.load_all(path.read_text(), loader):
            if isinstance(item, dict) and item.get("kind") == "CustomResourceDefinition":
                group, kind = item["spec"]["group"], item["spec"]["names"]["kind"]
                for version in item["spec"]["versions"]:
                    found[f"{group}_{version['name']}_{kind}"] = version["schema"]["openAPIV3Schema"]
    return found


def schema_of(name: str, directory: Path) -> Any:
    """The schema of `group_version_Kind`; None where the folder has none."""
    path = directory / f"{name}.json.gz"
    return json.loads(gzip.decompress(path.read_bytes())) if path.exists() else defined(directory).get(name)


def problems(document: dict[str, Any], directory: Path) -> list[str]:
    """What a custom resource has that its schema does not know or want."""
    group, _, version = document["apiVersion"].partition("/")
    name = f"{group}_{version}_{document['kind']}"
    found = schema_of(name, directory)
    if found is None:
        return [f"there is no schema {name} in {directory}"]
    schema = strict(found)
    schema.setdefault("properties", {}).update(apiVersion={}, kind={}, metadata={})
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return [f"{'.'.join(map(str, error.absolute_path)) or '.'}: {error.message[:300]}" for error in errors]


def templates(document: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template inside a document, with where it is."""
    if isinstance(document, dict):
        if isinstance(document.get("template"), dict) and "containers" in document["template"].get("spec", {}):
            yield path, document["template"]
        for key, value in document.items():
            yield from templates(value, f"{path}-{key}".lower())
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from templates(value, f"{path}-{number}")


def pod(name: str, template: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    metadata = {**template.get("metadata", {}), "name": name.strip("-")[-60:], "namespace": "azora"}
    metadata["annotations"] = {**annotations, **metadata.get("annotations", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rendered", type=Path)
    parser.add_argument("--pods", type=Path, required=True)
    arguments = parser.parse_args()
    documents = [item for item in yaml.safe_load_all(arguments.rendered.read_text()) if item]
    custom = [item for item in documents if item["apiVersion"] not in NATIVE]
    pods = [
        pod(f"{item['metadata']['name']}{path}", template, item["metadata"].get("annotations", {}))
        for item in custom
        for path, template in templates(item)
    ]
    arguments.pods.write_text(yaml.safe_dump_all(pods))
    directory = schema_directory()
    if directory is None:
        print(f"left out: {len(custom)} custom resources have no schemas here to be compared with (AZORA_SCHEMAS)")
        return 0
    wrong = 0
    for item in custom:
        for problem in problems(item, directory):
            wrong += 1
            print(f"{arguments.rendered.name}: {item['kind']} {item['metadata']['name']}: {problem}")
    print(f"{arguments.rendered.name}: {len(custom)} custom resources against their schemas, {wrong} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
