"""Valkey (or Redis): one client, and the translation of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, RedisError, TimeoutError

from configs.settings import Settings
from stores.errors import StoreError, StoreUnavailable
from stores.metrics import storage

# The driver annotates every answer with the union of what both protocols and both encodings could give; ours are
# protocol 2 and bytes.
Valkey: TypeAlias = Any


def connect(settings: Settings) -> Valkey:
    """A client for the configured address; it connects at first use."""
    assert settings.valkey_url is not None
    return connect_url(settings.valkey_url.get_secret_value(), settings.valkey_timeout)


def connect_url(url: str, timeout: timedelta = timedelta(seconds=1)) -> Valkey:
    """A client for `url`. Answers are bytes. No command is retried on its own: most of ours are not idempotent."""
    seconds = timeout.total_seconds()
    return Redis.from_url(
        url.replace("valkey://", "redis://", 1).replace("valkeys://", "rediss://", 1),
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the client raises into `stores.errors`."""
    try:
        yield
    except (ConnectionError, TimeoutError, BusyLoadingError, OSError) as error:
        storage.valkey_failed("unavailable")
        raise StoreUnavailable("The session store does not answer; try again shortly") from error
    except RedisError as error:
        storage.valkey_failed("refused")
        raise StoreError("The session store refused a command") from error
