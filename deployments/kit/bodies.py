"""Request bodies whose bound is a setting, not the route's own."""

from __future__ import annotations

from fastapi import Request

from deployments.kit.errors import PayloadTooLarge
from deployments.kit.gate import Message

# `max_body_size` of an importing route: lifts the service's limit, so that the installation's own can be enforced.
IMPORT_BODY_BYTES = 268_435_456


def bounded(request: Request, limit_bytes: int) -> Request:
    """The same request; reading its body raises `PayloadTooLarge` once it is longer than `limit_bytes`.

    A length that was announced is judged before anything is read.
    """
    announced = request.headers.get("content-length", "")
    received = 0

    async def receive() -> Message:
        nonlocal received
        if announced.isdecimal() and int(announced) > limit_bytes:
            raise PayloadTooLarge(f"At most {limit_bytes} bytes")
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit_bytes:
            raise PayloadTooLarge(f"At most {limit_bytes} bytes")
        return message

    return Request(request.scope, receive)
