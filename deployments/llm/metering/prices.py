"""What tokens cost, in millionths of a US dollar.

A target's own `price` comes first; what runs inside the cluster costs nothing; all else has its published price, from
the package genai-prices. A target without any price is a mistake in the table: it would spend without counting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from configs.errors import ConfigurationError
from configs.models import Models, Price, Target
from deployments.llm.conversation import Usage
from deployments.llm.receipts import Bound, Receipt

_MILLION = 1_000_000
_SOME = Usage(prompt_tokens=1000, completion_tokens=1000)
_LARGE = Usage(10_000_000, 1_000_000, 3_000_000, 2_000_000)
_KEPT_SECONDS = 300


class Tariff(Protocol):
    """How a target charges."""

    def microdollars(self, usage: Usage, at: datetime) -> int:
        """The price of the tokens, for a call that began then, rounded up."""
        ...

    def most(self, prompt_tokens: int, completion_tokens: int, at: datetime) -> int:
        """The most that so many can cost: found in the provider's cache, written there, or neither."""
        ...


class FixedTariff:
    """Dollars per million tokens, as the table has them: microdollars per token.

    Counted in whole parts of a microdollar, since every call pays for it several times.
    """

    def __init__(self, price: Price) -> None:
        cached = price.input if price.cached_input is None else price.cached_input
        written = price.input if price.cache_write is None else price.cache_write
        rates = [Fraction(rate) for rate in (price.input, cached, written, price.output)]
        self._parts = math.lcm(*(rate.denominator for rate in rates))
        self._input, self._cached, self._written, self._output = (int(rate * self._parts) for rate in rates)
        self._dearest = max(self._input, self._cached, self._written)

    def microdollars(self, usage: Usage, at: datetime) -> int:
        plain = max(usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens, 0)
        prompt = plain * self._input + usage.cached_tokens * self._cached + usage.cache_write_tokens * self._written
        return -(-(prompt + usage.completion_tokens * self._output) // self._parts)

    def most(self, prompt_tokens: int, completion_tokens: int, at: datetime) -> int:
        return -(-(prompt_tokens * self._dearest + completion_tokens * self._output) // self._parts)


class PublishedTariff:
    """The provider's public price list. Raises LookupError where it does not have the model, or no price for it.

    Looking a price up takes 0.15 ms, so where it is proportional to the tokens it is kept for a few minutes: prices may
    change with the date and the time of day. Where it has steps it is looked up each time.
    """

    def __init__(self, target: Target) -> None:
        # Imported late: the list of all models takes half a second and 90 MB, and light installs need none of it.
        import genai_prices

        self._list = genai_prices
        self._model = target.model or ""
        self._where: dict[str, str] = {"provider_api_url": target.base_url or ""}
        now = datetime.now(UTC)
        try:
            self._look_up(_SOME, now)
        except LookupError:
            if target.provider == "openai":  # the protocol of many, so it says nothing of who charges
                raise
            self._where = {"provider_id": target.provider}
        if self._look_up(_SOME, now) == 0:
            raise LookupError("no price")
        self._window = 0
        self._proportional: FixedTariff | None = None

    def microdollars(self, usage: Usage, at: datetime) -> int:
        if (rates := self._current(at)) is not None:
            return rates.microdollars(usage, at)
        return _up(self._look_up(usage, at))

    def most(self, prompt_tokens: int, completion_tokens: int, at: datetime) -> int:
        if (rates := self._current(at)) is not None:
            return rates.most(prompt_tokens, completion_tokens, at)
        tokens = prompt_tokens, completion_tokens
        kinds = (Usage(*tokens), Usage(*tokens, prompt_tokens), Usage(*tokens, 0, prompt_tokens))
        return max(_up(self._look_up(usage, at)) for usage in kinds)

    def _current(self, at: datetime) -> FixedTariff | None:
        window = int(at.timestamp()) // _KEPT_SECONDS
        if window != self._window:
            self._proportional, self._window = self._rates(at), window
        return self._proportional

    def _rates(self, at: datetime) -> FixedTariff | None:
        """The price as rates; None where rates do not give what the list gives for a large call."""
        tariff = FixedTariff(
            Price(
                input=self._look_up(Usage(1000), at) * 1000,
                output=self._look_up(Usage(0, 1000), at) * 1000,
                cached_input=self._look_up(Usage(1000, 0, 1000), at) * 1000,
                cache_write=self._look_up(Usage(1000, 0, 0, 1000), at) * 1000,
            )
        )
        return tariff if tariff.microdollars(_LARGE, at) == _up(self._look_up(_LARGE, at)) else None

    def _look_up(self, usage: Usage, at: datetime) -> Decimal:
        counted = self._list.Usage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            cache_read_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
        )
        price = self._list.calc_price(counted, self._model, genai_request_timestamp=at, **self._where)
        return Decimal(price.total_price)


_FREE = FixedTariff(Price(input=Decimal(0), output=Decimal(0)))


class Prices:
    """The tariff of every target in use."""

    def __init__(self, tariffs: Mapping[str, Tariff]) -> None:
        self._tariffs = tariffs

    @classmethod
    def of(cls, models: Models) -> Prices:
        """Raises `ConfigurationError` that names every target whose price nobody knows."""
        tariffs: dict[str, Tariff] = {}
        unknown: list[str] = []
        for name in sorted(models.used):
            target = models.targets[name]
            try:
                tariffs[name] = _tariff(target)
            except LookupError:
                unknown.append(f"targets.{name}: no published price of {target.model} is known; give it a `price`")
        if unknown:
            raise ConfigurationError(unknown)
        return cls(tariffs)

    def microdollars(self, target: str, usage: Usage, at: datetime) -> int:
        """The price of what one target consumed, rounded up."""
        return self._tariffs[target].microdollars(usage, at)

    def of_receipt(self, receipt: Receipt, at: datetime) -> int:
        """The price of a call: of every attempt what it consumed."""
        return sum(self.microdollars(attempt.target, attempt.usage, at) for attempt in receipt.attempts)

    def most(self, bounds: Iterable[Bound], at: datetime) -> int:
        """The most that a call within the bounds can cost: every prompt, and the dearest answer."""
        prompts = answer = 0
        for bound in bounds:
            tariff = self._tariffs[bound.target]
            prompt = tariff.most(bound.prompt_tokens, 0, at)
            prompts += prompt
            answer = max(answer, tariff.most(bound.prompt_tokens, bound.completion_tokens, at) - prompt)
        return prompts + answer


def _tariff(target: Target) -> Tariff:
    if target.price is not None:
        return FixedTariff(target.price)
    return _FREE if target.inside else PublishedTariff(target)


def _up(dollars: Decimal) -> int:
    return math.ceil(dollars * _MILLION)
