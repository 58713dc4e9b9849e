"""What is counted, and what it costs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigurationError
from configs.models import Models, Price
from deployments.llm.conversation import NOTHING, ChatRequest, Message, Reported, Tool, Usage
from deployments.llm.metering.prices import FixedTariff, Prices
from deployments.llm.metering.tokens import Tally, prompt_bound, prompt_estimate
from deployments.llm.receipts import AttemptRecord, Bound, Receipt

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@given(st.lists(st.text(max_size=50), min_size=1, max_size=5))
def test_a_bound_is_never_below_an_estimate(texts: list[str]) -> None:
    request = ChatRequest(
        model="m",
        messages=tuple(Message(role="user", text=text) for text in texts),
        tools=(Tool(name="look", parameters={"type": "object"}),),
    )
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    assert size <= prompt_bound(request)
    assert size / 4 <= prompt_estimate(request) <= prompt_bound(request)


def test_nothing_is_counted_of_what_was_not_taken() -> None:
    tally = Tally(100, 10)
    assert tally.usage() == NOTHING
    tally.accepted = True
    assert tally.usage() == Usage(100, 0, estimated=True)


def test_an_estimate_stays_within_the_limit_until_the_upstream_counts() -> None:
    tally = Tally(100, 10)
    tally.accepted = True
    tally.count("x" * 400)
    assert tally.usage() == Usage(100, 10, estimated=True)
    tally.report(Reported(prompt_tokens=90, completion_tokens=12, cached_tokens=40, reasoning_tokens=3))
    assert tally.usage() == Usage(90, 12, 40, 0, 3, estimated=True)
    tally.final = True
    assert tally.usage() == Usage(90, 12, 40, 0, 3)


def test_what_comes_after_a_count_is_estimated_on_top() -> None:
    tally = Tally(100, 1000)
    tally.accepted = True
    tally.report(Reported(prompt_tokens=90))
    tally.count("x" * 40)
    assert tally.usage() == Usage(90, 10, estimated=True)
    tally.report(Reported(prompt_tokens=90, completion_tokens=7))
    tally.count("y" * 8)
    assert tally.usage() == Usage(90, 9, estimated=True)


def test_only_what_no_tokenizer_allows_is_a_runaway() -> None:
    tally = Tally(0, 100)
    tally.count("x" * (32 * 100 + 1024))
    assert not tally.runaway
    tally.count("x")
    assert tally.runaway


def test_a_fixed_price() -> None:
    tariff = FixedTariff(Price(input=Decimal(2), output=Decimal(8), cached_input=Decimal("0.5")))
    usage = Usage(1_000_000, 500_000, cached_tokens=400_000, cache_write_tokens=100_000)
    assert tariff.microdollars(usage, NOW) == 1_000_000 + 200_000 + 200_000 + 4_000_000


def prices(**targets: Price) -> Prices:
    return Prices({name: FixedTariff(price) for name, price in targets.items()})


def test_money_is_rounded_up() -> None:
    cheap = prices(a=Price(input=Decimal("0.01"), output=Decimal("0.01")))
    assert cheap.microdollars("a", Usage(1, 0), NOW) == 1
    assert cheap.microdollars("a", NOTHING, NOW) == 0


amount = st.builds(Price, input=st.decimals(0, 100, places=2), output=st.decimals(0, 100, places=2),
                   cached_input=st.none() | st.decimals(0, 100, places=2),
                   cache_write=st.none() | st.decimals(0, 100, places=2))  # fmt: skip
count = st.integers(0, 100_000)


@given(amount, amount, count, count, count, count)
def test_a_call_within_its_bounds_never_costs_more_than_was_reserved(
    one: Price, other: Price, prompt: int, answer: int, written: int, said: int
) -> None:
    table = prices(one=one, other=other)
    bounds = [Bound(target=name, prompt_tokens=prompt, completion_tokens=answer) for name in ("one", "other")]
    consumed = [Usage(prompt, 0, 0, min(written, prompt)), Usage(prompt, min(said, answer), 0, min(written, prompt))]
    for first, second in (("one", "other"), ("other", "one")):
        attempts = tuple(
            AttemptRecord(target=name, outcome="failed", error=None, usage=usage, queued_seconds=0,
                          first_token_seconds=None, seconds=0)
            for name, usage in zip((first, second), consumed, strict=True)
        )  # fmt: skip
        receipt = Receipt(model="m", outcome="completed", attempts=attempts, usage=NOTHING, seconds=0)
        assert table.of_receipt(receipt, NOW) <= table.most(bounds, NOW)


def table(**targets: dict[str, object]) -> Models:
    return Models.model_validate(
        {"targets": targets, "models": {"m": {"targets": [[name] for name in targets], "data": "any"}}}
    )


OPENAI = {"provider": "openai", "base_url": "https://api.openai.com/v1"}
CLAUDE = {"provider": "anthropic", "base_url": "https://api.anthropic.com"}


def test_what_runs_inside_costs_nothing_and_loads_no_price_list() -> None:
    loaded = "genai_prices" in sys.modules
    found = Prices.of(
        table(a={"provider": "extractive"}, b={"provider": "vllm", "model": "b", "price": {"input": 1, "output": 2}})
    )
    assert found.microdollars("a", Usage(1000, 1000), NOW) == 0
    assert found.microdollars("b", Usage(1000, 1000), NOW) == 3000
    assert ("genai_prices" in sys.modules) == loaded


def test_published_prices() -> None:
    found = Prices.of(table(a={**OPENAI, "model": "gpt-4o"}, c={**CLAUDE, "model": "claude-sonnet-4-5"}))
    assert found.microdollars("a", Usage(1000, 100), NOW) == 3500
    assert found.microdollars("a", Usage(1000, 100, cached_tokens=1000), NOW) == 2250
    assert found.microdollars("c", Usage(1000, 100, cache_write_tokens=1000), NOW) == 5250
    bound = Bound(target="c", prompt_tokens=1000, completion_tokens=100)
    assert found.most([bound], NOW) == 5250, "a prompt may be written to the provider's cache"


def test_steps_in_a_published_price() -> None:
    found = Prices.of(table(c={**CLAUDE, "model": "claude-sonnet-4-5"}, a={**OPENAI, "model": "gpt-4o"}))
    assert found.microdollars("c", Usage(100_000), NOW) == 300_000
    assert found.microdollars("c", Usage(300_000), NOW) > 900_000, "long prompts have a price of their own"
    assert found.microdollars("a", Usage(300_000, 7), NOW) == 750_070


def test_every_target_without_a_price_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Prices.of(
            table(
                a={**OPENAI, "model": "no-such-model"},
                b={"provider": "openai", "base_url": "http://ollama:11434/v1", "model": "gpt-4o"},
                c={"provider": "openai", "base_url": "http://ollama:11434/v1", "model": "x", "region": "cluster"},
            )
        )
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["targets.a", "targets.b"]
