"""The documents agree with the code: routes, permissions, problems, events, settings, folders, links."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import deployments.llm.errors  # noqa: F401 - described before the service answers
from actors.agent.kinds import KINDS
from configs.errors import AzoraError
from configs.settings import Settings
from deployments.kit import problems
from deployments.kit.permissions import PUBLIC, ROLES, ROUTES
from deployments.kit.service import build_api
from deployments.registry import services
from stores.events import CATALOGUE

ROOT = Path(__file__).parents[3]
API = (ROOT / "docs" / "API.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Errors of the command line, of housekeeping and of publishers: no client ever meets them.
UNSEEN = {"configuration", "fenced", "invalid-event", "mail-not-sent", "unknown-audit-action"}
REPORTED = {"ai_events", "analytics_events"}
NOTHING = "\N{EN DASH}"
EVENT = re.compile(r"[a-z_]+\.[a-z_]+\.v\d+")


def rows(document: str, columns: int) -> list[tuple[str, ...]]:
    """The cells of every table row with that many columns, without back quotes."""
    lines = [re.split(r"(?<!\\)\|", line.strip()[1:-1]) for line in document.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip(" `") for cell in cells) for cells in lines if len(cells) == columns]


def who(permission: str) -> str:
    holders = [role for role, permissions in ROLES.items() if permission in permissions]
    if permission == PUBLIC:
        return "anyone"
    return "everyone signed in" if len(holders) == len(ROLES) else ", ".join(holders)


def test_every_route_is_described_with_its_permission_and_no_other_is() -> None:
    described = {row[:3] for row in rows(API, 4) if "/" in row[0]}
    wanted = {
        (" ".join(route.split()), NOTHING if permission == PUBLIC else permission, who(permission))
        for route, permission in ROUTES.items()
    }
    assert described == wanted


def test_every_kind_of_task_is_listed_in_its_own_words() -> None:
    assert {(kind.name, kind.description) for kind in KINDS.values()} <= set(rows(API, 2))


def test_every_route_of_the_services_is_in_the_table() -> None:
    described = {row[0] for row in rows(API, 4)}
    found = {
        f"{method.upper()} {path}"
        for definition in services()
        for path, operations in build_api(definition).openapi()["paths"].items()
        for method in operations
        if not path.endswith(("/health", "/ready"))
    }
    assert found <= described


def test_the_matrix_of_permissions_is_the_code_s() -> None:
    header = "| Permission | " + " | ".join(ROLES) + " |"
    permissions = sorted(frozenset().union(*ROLES.values()))
    lines = [f"| `{p}` | " + " | ".join("✓" if p in ROLES[role] else "" for role in ROLES) + " |" for p in permissions]
    assert "\n".join([header, "|---|" + "---|" * len(ROLES), *lines]) in API


def errors_of(kind: type[AzoraError]) -> Iterator[type[AzoraError]]:
    for error in kind.__subclasses__():
        yield error
        yield from errors_of(error)


def test_every_problem_type_is_described_and_no_other_is() -> None:
    seen: list[type[AzoraError]] = [AzoraError, *errors_of(AzoraError)]
    wanted = {
        (error.type, str(error.status), "yes" if error.retriable else "")
        for error in seen
        if error.__module__.split(".")[0] in {"configs", "deployments", "stores"} and error.type not in UNSEEN
    }
    wanted |= {(kind, str(status), "") for status, (kind, _) in problems._STATUS_TYPES.items()}
    described = {row[:3] for row in rows(API, 4) if row[1].isdigit()}
    assert described == wanted


def test_no_two_services_have_a_problem_of_one_name() -> None:
    named = [e.type for e in errors_of(AzoraError) if e.__module__.startswith("deployments.") and "type" in vars(e)]
    assert sorted(named) == sorted(set(named))


def in_words(default: Any) -> str:
    if default is None:
        return NOTHING
    if isinstance(default, timedelta):
        return str(TypeAdapter(timedelta).dump_python(default, mode="json"))
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_is_described_with_its_default_and_no_other_is() -> None:
    operations = (ROOT / "docs" / "OPERATIONS.md").read_text()
    described = {row[:2] for row in rows(operations, 3) if re.fullmatch("[A-Z_]+", row[0])}
    wanted = {(f"AZORA_{name.upper()}", in_words(field.default)) for name, field in Settings.model_fields.items()}
    assert described == wanted | {("AZORA_CONFIG_FILE", NOTHING)}


def published() -> set[str]:
    """Every event type that the services name: whole, or as what `announce` puts its version behind."""
    found: set[str] = set()
    for file in ROOT.glob("deployments/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT.fullmatch(node.value):
                found.add(node.value)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "announce":
                named = [part.value for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)]
                found |= {f"{name}.v1" for name in named if isinstance(name, str)}
    return found


def test_every_event_is_described_and_no_other_is() -> None:
    architecture = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    described = {
        (word, row[1], row[2])
        for row in rows(architecture, 4)
        for word in row[0].split("`, `")
        if EVENT.fullmatch(word)
    }
    assert described == {(type, declared.topic, declared.keyed_by) for type, declared in CATALOGUE.items()}


def test_what_services_publish_is_in_the_catalogue_and_nothing_else_is() -> None:
    # What clients report is named by them, and models are metered where they are called.
    by_services = {type for type, declared in CATALOGUE.items() if declared.topic not in REPORTED}
    assert by_services <= published() <= set(CATALOGUE)


def test_every_folder_is_in_the_readme() -> None:
    described = {row[0].rstrip("/") for row in rows((ROOT / "README.md").read_text(), 2) if row[0].endswith("/")}
    ignored = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text().splitlines()}
    present = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert described == {name for name in present - ignored if not name.endswith(".egg-info")}


def headings(document: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)]+)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        aim = (document.parent / path).resolve() if path else document
        assert aim.exists(), target
        assert not anchor or anchor in headings(aim), target


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_the_evidence_of_compliance_is_there() -> None:
    """Each test that docs/COMPLIANCE.md names exists, and no requirement is left without a word in the last column."""
    text = (ROOT / "docs" / "COMPLIANCE.md").read_text()
    named = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", text)
    assert len(named) > 30
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), f"{file}::{name}"
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| Article", "|---"))]
    for cells in (line.strip("| ").split(" | ") for line in lines):
        assert len(cells) == 3, cells
        assert cells[2] in (NOTHING, "Shown by") or "::" in cells[2], cells
