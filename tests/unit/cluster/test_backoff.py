from cluster.embedded.backoff import Backoff


def test_at_once_first_then_doubling_up_to_the_cap() -> None:
    backoff = Backoff(first_seconds=0.5, cap_seconds=3.0)
    assert [backoff.next_delay(0.0) for _ in range(6)] == [0.0, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_stable_server_starts_afresh() -> None:
    backoff = Backoff(stable_seconds=60.0)
    assert [backoff.next_delay(uptime) for uptime in (0.0, 59.9, 60.0, 1.0)] == [0.0, 0.5, 0.0, 0.5]


def test_never_overflows() -> None:
    backoff = Backoff(cap_seconds=30.0)
    assert {backoff.next_delay(0.0) for _ in range(3000)} == {0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0}
