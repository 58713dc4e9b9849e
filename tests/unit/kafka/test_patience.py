"""A broker is told from one that waits by how often the client has to ask for nothing."""

from __future__ import annotations

import orjson
import pytest

from stores.kafka.patience import Patience


def statistics(seconds: float, fetches: int, messages: int = 0) -> str:
    """As the client tells them, of one broker that is asked and one that is only known."""
    asked, known = {"req": {"Fetch": fetches, "Metadata": 3}}, {"req": {}}
    return orjson.dumps({"time": seconds, "rxmsgs": messages, "brokers": {"a": asked, "b": known}}).decode()


@pytest.mark.parametrize(
    ("fetches", "messages", "lacking"),
    [(20, 0, False), (40_000, 0, True), (40_000, 39_990, False), (40_000, 2_000_000, False)],
)
def test_only_fetches_for_nothing_count(fetches: int, messages: int, *, lacking: bool) -> None:
    patience = Patience()
    patience.observe(statistics(100, 7))
    patience.observe(statistics(102, 7 + fetches, messages))
    assert patience.is_lacking is lacking


def test_a_verdict_stands_though_the_client_asks_seldom_since() -> None:
    patience = Patience()
    for seconds, fetches in ((100, 0), (102, 50_000), (104, 50_010), (106, 50_020)):
        patience.observe(statistics(seconds, fetches))
    assert patience.is_lacking


def test_a_single_look_says_nothing() -> None:
    patience = Patience()
    patience.observe(statistics(100, 1_000_000))
    assert not patience.is_lacking
