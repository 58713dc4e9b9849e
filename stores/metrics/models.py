"""What asking each target of the table of models came to."""

from __future__ import annotations

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
    ATTEMPTS.labels(target, outcome).inc()
    QUEUE.labels(target).observe(queued_seconds)
    if first_token_seconds is not None:
        FIRST_TOKEN.labels(target).observe(first_token_seconds)
        DURATION.labels(target).observe(seconds - queued_seconds)
    if prompt_tokens:
        TOKENS.labels(target, "input").inc(prompt_tokens)
    if completion_tokens:
        TOKENS.labels(target, "output").inc(completion_tokens)


def remembered() -> None:
    """Count a question that was answered from memory."""
    REMEMBERED.inc()
