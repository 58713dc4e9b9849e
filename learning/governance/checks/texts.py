"""Checks of texts on their way to a model, to a person or into a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from learning.governance.checks.seen import Seen
from learning.governance.checks.steps import Parameters
from learning.governance.views import TextView

TextCheck = Callable[[TextView, Parameters], Iterator[Seen]]

TEXT_CHECKS: Mapping[str, TextCheck] = {}
