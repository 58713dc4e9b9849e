"""Calling the services over HTTP in somebody's name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import orjson

from actors.agent.asking import complete
from actors.agent.errors import ToolFailed, TryAgain

_RETRIABLE = frozenset({408, 425, 429, 502, 503, 504})
_CONNECTIONS = 100
Judging = Callable[[str, tuple[str, ...]], Awaitable[str | None]]
MAXIMUM_ANSWER_BYTES = 4_194_304
WORDED_SECONDS = 45.0  # less than tools that use it have, so that they go on without the model


class Http:
    """Connections to the services, kept open. To be made inside of the loop that uses it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS), auto_decompress=True, trust_env=False
        )

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, Any] | None, body: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body. Raises `TryAgain` where nothing was answered."""
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                params=query,
                data=None if body is None else orjson.dumps(body),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                content = await answer.content.read(MAXIMUM_ANSWER_BYTES + 1)
                while len(content) <= MAXIMUM_ANSWER_BYTES and (more := await answer.content.readany()):
                    content += more
                return answer.status, answer.headers, content
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise TryAgain("unavailable", f"No answer: {type(error).__name__}") from error

    async def close(self) -> None:
        await self._session.close()


class StepServices:
    """`actors.agent.tools.base.Services` for one step. `judge` is given a text and its sources."""

    def __init__(
        self, http: Http, token: Callable[[bool], Awaitable[str]], key: str, *, model: str | None = None,
        judge: Judging | None = None,
    ) -> None:  # fmt: skip
        self._model = model
        self._judge = judge
        self._http = http
        self._token = token
        self._key = key

    async def worded(self, rules: str, material: str, sources: Sequence[str], *, most_tokens: int) -> str | None:
        if self._model is None or self._judge is None:
            return None
        messages = [{"role": "system", "content": rules}, {"role": "user", "content": material}]
        try:
            async with asyncio.timeout(WORDED_SECONDS):
                text = await complete(self, self._model, messages, most_tokens=most_tokens)
        except (ToolFailed, TryAgain, LookupError, TypeError, ValueError, TimeoutError):
            return None
        return await self._judge(text, tuple(sources))

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return await self._call("GET", path, query=query)

    async def post(self, path: str, body: Any, *, part: str = "") -> Any:
        return await self._call("POST", path, body=body, part=part)

    async def put(self, path: str, body: Any, *, part: str = "", revision: int | None = None) -> Any:
        more = None if revision is None else {"if-match": f'"{revision}"'}
        return await self._call("PUT", path, body=body, part=part, more=more)

    async def _call(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None, part: str = "",
        more: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        headers = {**(more or {}), "authorization": f"Bearer {await self._token(False)}", "x-request-id": self._key}
        if body is not None:
            headers["content-type"] = "application/json"
        if method != "GET":
            headers["idempotency-key"] = f"{self._key}:{part}" if part else self._key
        status, answered, content = await self._http.request(method, path, headers, query, body)
        if len(content) > MAXIMUM_ANSWER_BYTES:
            raise ToolFailed("The service's answer is too large", problem="answer-too-large")
        if status < 300:
            return _kept(orjson.loads(content)) if content else None
        raise await self._failure(status, answered, content)

    async def _failure(self, status: int, headers: Mapping[str, str], content: bytes) -> Exception:
        problem = _problem(content)
        kind = str(problem.get("type", "")).rpartition(":")[2] or f"http-{status}"
        if status == 401:
            await self._token(True)  # a new one, or the reason why there is none
            return TryAgain(kind, "The token was refused")
        if status in _RETRIABLE or problem.get("retriable") is True:
            return TryAgain(kind, f"The service answered {status}", _seconds(headers.get("retry-after")))
        # Not the problem's `detail`: it may repeat what somebody wrote.
        title = problem.get("title", "The service refused")
        return ToolFailed(f"{status}: {title}", problem=kind)


def _kept(found: Any) -> Any:
    """As it was found, however deep, but for the one character that PostgreSQL keeps nowhere: a model may say it."""
    whole = [found]
    waiting: list[list[Any] | dict[Any, Any]] = [whole]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            part[:] = [_readable(one) for one in part]
            inner = part
        else:
            held = {_readable(name): _readable(one) for name, one in part.items()}
            part.clear()
            part.update(held)
            inner = [*part.values()]
        waiting += [one for one in inner if isinstance(one, (list, dict))]
    return whole[0]


def _readable(value: Any) -> Any:
    return value.replace("\x00", "\ufffd") if isinstance(value, str) and "\x00" in value else value


def _problem(content: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else min(max(0.0, float(header)), 3600.0)
    except ValueError:
        return None
