"""What asking each target of the table of models came to."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter

from stores.metrics.registry import counter, histogram

ATTEMPTS = counter("azora_model_attempts_total", "Tries at a target", ("target", "outcome"))
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
QUEUE = histogram("azora_model_queue_seconds", "Waiting for a place at a target", ("target",), SECONDS)
FIRST_TOKEN = histogram(
    "azora_model_first_token_seconds", "From asking a target to its first words", ("target",), SECONDS
)
DURATION = histogram(
    "azora_model_duration_seconds", "From asking a target to the end of its answer", ("target",), SECONDS
)
TOKENS = counter("azora_model_tokens_total", "Tokens that targets consumed", ("target", "direction"))
REMEMBERED = counter("azora_model_answers_remembered_total", "Questions answered from memory")


class _Target:
    """The series of one target: to look them up by their labels costs as much as to count."""

    def __init__(self, name: str) -> None:
        self.queue = QUEUE.labels(name)
        self.first_token = FIRST_TOKEN.labels(name)
        self.duration = DURATION.labels(name)
        self.prompt = TOKENS.labels(name, "input")
        self.completion = TOKENS.labels(name, "output")


_series = cache(_Target)  # as many as the table of models has


@cache
def _attempts(target: str, outcome: str) -> Counter:
    return ATTEMPTS.labels(target, outcome)


def attempted(
    target: str,
    outcome: str,
    *,
    queued_seconds: float,
    first_token_seconds: float | None,
    seconds: float,
    prompt_tokens: int,
    completion_tokens: int,
) -> None:
    """Count a try that has ended, by its outcome in the receipt; `first_token_seconds` None: nothing came."""
    series = _series(target)
    _attempts(target, outcome).inc()
    series.queue.observe(queued_seconds)
    if first_token_seconds is not None:
        series.first_token.observe(first_token_seconds)
        series.duration.observe(seconds - queued_seconds)
    if prompt_tokens:
        series.prompt.inc(prompt_tokens)
    if completion_tokens:
        series.completion.inc(completion_tokens)


def remembered() -> None:
    """Count a question that was answered from memory."""
    REMEMBERED.inc()
