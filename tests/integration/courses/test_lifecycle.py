"""Authoring, publishing and archiving in any order, over HTTP, against a model of the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.integration.courses.support import create
from tests.platform import Account, Platform


@dataclass
class ModelModule:
    id: str
    title: str
    units: list[list[str]] = field(default_factory=list)  # [id, body]

    def content(self) -> tuple[str, str, list[tuple[str, str]]]:
        return self.id, self.title, [(unit[0], unit[1]) for unit in self.units]


class Authoring(RuleBasedStateMachine):
    """One course and its author."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    author: ClassVar[Account]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = self.run(self.author.http.request(method, f"/api/courses/{self.course_id}{path}", json=body))
        assert isinstance(answer, httpx.Response)
        return answer

    @initialize()
    def begin(self) -> None:
        self.course_id = self.run(create(self.author))
        self.modules: list[ModelModule] = []
        self.versions: list[list[Any]] = []
        self.status = "draft"

    def units(self) -> list[tuple[ModelModule, list[str]]]:
        return [(module, unit) for module in self.modules for unit in module.units]

    @rule(title=st.sampled_from("AB"), bodies=st.lists(st.sampled_from("xy"), max_size=2))
    def add_module(self, title: str, bodies: list[str]) -> None:
        units = [{"kind": "text", "title": "u", "body": body} for body in bodies]
        answer = self.ask("POST", "/modules", {"title": title, "units": units})
        assert answer.status_code == 201
        made = answer.json()
        self.modules.append(ModelModule(made["id"], title, [[unit["id"], unit["body"]] for unit in made["units"]]))

    @rule(which=st.integers(0, 9), body=st.sampled_from("xyz"))
    def add_unit(self, which: int, body: str) -> None:
        if not self.modules:
            return
        module = self.modules[which % len(self.modules)]
        answer = self.ask("POST", f"/modules/{module.id}/units", {"kind": "text", "title": "u", "body": body})
        assert answer.status_code == 201
        module.units.append([answer.json()["id"], body])

    @rule(which=st.integers(0, 9), title=st.sampled_from("ABC"))
    def rename_module(self, which: int, title: str) -> None:
        if self.modules:
            module = self.modules[which % len(self.modules)]
            assert self.ask("PATCH", f"/modules/{module.id}", {"title": title}).status_code == 200
            module.title = title

    @rule(which=st.integers(0, 9), body=st.sampled_from("xyz"))
    def change_unit(self, which: int, body: str) -> None:
        if units := self.units():
            _, unit = units[which % len(units)]
            assert self.ask("PATCH", f"/units/{unit[0]}", {"body": body}).status_code == 200
            unit[1] = body

    @rule(which=st.integers(0, 9))
    def delete_unit(self, which: int) -> None:
        if units := self.units():
            module, unit = units[which % len(units)]
            assert self.ask("DELETE", f"/units/{unit[0]}").status_code == 204
            module.units.remove(unit)
            assert self.ask("GET", f"/units/{unit[0]}").status_code == 404

    @rule(which=st.integers(0, 9))
    def delete_module(self, which: int) -> None:
        if self.modules:
            module = self.modules.pop(which % len(self.modules))
            assert self.ask("DELETE", f"/modules/{module.id}").status_code == 204

    @rule(data=st.data())
    def order(self, data: st.DataObject) -> None:
        modules = data.draw(st.permutations(self.modules))
        placed: dict[str, list[list[str]]] = {module.id: [] for module in modules}
        for _, unit in data.draw(st.permutations(self.units())) if modules else []:
            placed[data.draw(st.sampled_from(modules)).id].append(unit)
        outline = [{"id": module.id, "units": [unit[0] for unit in placed[module.id]]} for module in modules]
        if data.draw(st.booleans()) and outline:
            assert self.ask("PUT", "/order", {"modules": outline[1:]}).status_code == 409
        assert self.ask("PUT", "/order", {"modules": outline}).status_code == 200
        self.modules = [ModelModule(module.id, module.title, placed[module.id]) for module in modules]

    @rule()
    def publish(self) -> None:
        content = [module.content() for module in self.modules]
        answer = self.ask("POST", "/publish")
        if not self.units():
            assert (answer.status_code, answer.json()["type"][18:]) == (409, "nothing-to-publish")
        elif self.versions and self.versions[-1] == content and self.status != "archived":
            assert (answer.status_code, answer.json()["type"][18:]) == (409, "nothing-changed")
        else:
            assert answer.status_code == 200
            if not self.versions or self.versions[-1] != content:
                self.versions.append(content)
            assert answer.json()["number"] == len(self.versions)
            self.status = "published"

    @rule()
    def archive(self) -> None:
        assert self.ask("POST", "/archive").status_code == (200 if self.status == "published" else 409)
        if self.status == "published":
            self.status = "archived"

    @rule()
    def delete(self) -> None:
        answer = self.ask("DELETE", "")
        assert answer.status_code == (204 if self.status == "draft" else 409)
        if self.status == "draft":
            self.begin()

    @rule(which=st.integers(0, 9))
    def versions_stand(self, which: int) -> None:
        if self.versions:
            number = which % len(self.versions) + 1
            modules = self.ask("GET", f"/versions/{number}").json()["modules"]
            found = [(m["id"], m["title"], [(u["id"], u["body"]) for u in m["units"]]) for m in modules]
            assert found == self.versions[number - 1]

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        if not hasattr(self, "course_id"):
            return
        draft = self.ask("GET", "/draft").json()
        found = [(m["id"], m["title"], [(u["id"], u["body"]) for u in m["units"]]) for m in draft["modules"]]
        assert found == [module.content() for module in self.modules]
        page = self.ask("GET", "").json()
        assert page["status"] == self.status
        assert page["version"] == (len(self.versions) or None)
        outline = [(m["id"], m["title"], [u["id"] for u in m["units"]]) for m in page["modules"]]
        latest = self.versions[-1] if self.versions else []
        assert outline == [(id, title, [unit[0] for unit in units]) for id, title, units in latest]


@pytest.fixture(scope="session")
async def event_loop_in_use() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_authoring_publishing_and_ordering(platform: Platform, event_loop_in_use: asyncio.AbstractEventLoop) -> None:
    async def author() -> Account:
        return await (await platform.create_organisation()).person("instructor")

    Authoring.loop = event_loop_in_use
    Authoring.author = event_loop_in_use.run_until_complete(author())
    run_state_machine_as_test(
        Authoring,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
