"""The arithmetic behind `make bench-scale`."""

from __future__ import annotations

import math

import pytest

from benchmarks.scale.model import Assumptions, Cost, EventCost, Scalability, fit, plan
from benchmarks.scale.simulation import Kind, mean_seconds, simulate


def test_the_fit_finds_the_law_that_made_the_figures() -> None:
    law = Scalability(gamma=900, alpha=0.05, beta=0.002)
    found = fit({count: law.throughput(count) for count in (1, 2, 4, 8)})
    assert found.gamma == pytest.approx(900)
    assert found.alpha == pytest.approx(0.05)
    assert found.beta == pytest.approx(0.002)


def test_replicas_that_do_not_disturb_each_other_scale_evenly() -> None:
    assert fit({1: 500, 2: 1000, 4: 2000}).throughput(16) == pytest.approx(8000)


def test_ten_times_the_rate_needs_ten_times_the_processors() -> None:
    memory, through = Cost(100, 30, 0, 20), Cost(900, 40, 300, 50)
    events = EventCost(8_000, 100, 20)
    small, large = (plan(rate, memory, through, events, Assumptions()) for rate in (10_000, 100_000))
    assert large.replica_processors == pytest.approx(10 * small.replica_processors)
    assert small.replica_processors == pytest.approx(10_000 * (0.9 * 100 + 0.1 * 900) / 1e6 / 0.6)
    assert small.aggregator_processors == pytest.approx(10_000 * 0.1 * 100 / 1e6 / 0.6)
    assert small.fits_one_primary


def test_the_simulation_agrees_with_what_is_known_of_one_server() -> None:
    """M/M/1 answers after 1/(μ-λ) in the mean, and its times are exponential: the median is ln 2 of that."""
    waits = simulate(50, 1, [Kind(1, 0.01)], requests=400_000)
    assert waits.p50 == pytest.approx(math.log(2) / (100 - 50), rel=0.05)
    assert waits.p99 == pytest.approx(math.log(100) / (100 - 50), rel=0.05)


def test_without_a_queue_the_slow_kind_alone_makes_the_tail() -> None:
    """One in ten takes ten times as long: of those that are over the 99th percentile all are slow ones."""
    kinds = [Kind(0.9, 0.001), Kind(0.1, 0.01, elsewhere=0.005)]
    waits = simulate(0.1, 50, kinds)
    assert mean_seconds(kinds) == pytest.approx(0.0019)
    assert waits.p99 == pytest.approx(0.005 + 0.01 * math.log(10), rel=0.1)


def test_the_wait_grows_with_the_load_and_a_seed_gives_it_again() -> None:
    kinds = [Kind(1, 0.002)]
    p99 = [simulate(share * 20 / 0.002, 20, kinds).p99 for share in (0.3, 0.6, 0.9)]
    assert p99 == sorted(p99)
    assert simulate(1000, 4, kinds) == simulate(1000, 4, kinds)
