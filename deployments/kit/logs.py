"""Structured logs: one JSON object a line, each with the correlation id of the request it belongs to."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from deployments.kit import correlation


def _add_correlation(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (ids := correlation.current.get()) is not None:
        event.setdefault("request_id", ids.request_id)
        event.setdefault("trace_id", ids.traceparent[3:35])
    return event


def configure(level: str, service: str) -> None:
    """Send every log line of this process, ours and the libraries', to standard error as JSON."""
    shared: list[Any] = [
        _add_correlation,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
        lambda _l, _m, event: {**event, "service": service},
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(lambda value, **_: orjson.dumps(value, default=str).decode()),
        ],
    )
    # Serve turns sys.stderr into a logger of its own, below whose level our lines would be lost.
    handler = logging.StreamHandler(sys.__stderr__)
    handler.setFormatter(formatter)
    logger = logging.getLogger("azora")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger under `azora.`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(f"azora.{name}")
    return logger
