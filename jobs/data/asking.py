"""Jobs that ask a language model: over /v1 of a platform, with a key of an organisation."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING

from jobs.framework.errors import JobError

if TYPE_CHECKING:
    from learning.content.requests import Request

KEY = "AZORA_API_KEY"
_TOTAL_SECONDS = 300
_TRIES, _PAUSE_SECONDS = 4, 2.0
_BUSY = {429, 503}


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """A model of the platform at `url`; pickles, with its key, to where the work is done."""

    url: str
    name: str
    key: str

    @classmethod
    def of(cls, url: str, name: str) -> Model:
        """With the key in the environment. Raises `JobError`."""
        if not url.startswith(("http://", "https://")):
            raise JobError(f"{url} is no address of a platform.")
        key = os.environ.get(KEY)
        if not key:
            raise JobError(f"Put a key of the organisation into {KEY}: the model is asked with it.")
        return cls(url.rstrip("/"), name, key)

    def ask(self, request: Request) -> str | None:
        """The whole answer; None where there is none that can be used.

        Raises `JobError` where asking is refused, or the model cannot be reached or stays busy: what was made without
        it would be kept as if its words had not held.
        """
        named = {"name": "answer", "schema": request.schema, "strict": False}
        body = {
            "model": self.name, "messages": list(request.messages), "max_tokens": request.most_tokens, "temperature": 0,
            "response_format": {"type": "json_schema", "json_schema": named},
        }  # fmt: skip
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        asked = urllib.request.Request(  # noqa: S310 - the address begins with http
            f"{self.url}/v1/chat/completions", json.dumps(body).encode(), headers
        )
        for tries in range(1, _TRIES + 1):
            try:
                with urllib.request.urlopen(asked, timeout=_TOTAL_SECONDS) as answer:  # noqa: S310
                    return str(json.load(answer)["choices"][0]["message"]["content"] or "")
            except urllib.error.HTTPError as error:
                if error.code in (401, 403, 404):
                    raise JobError(f"{self.url} refuses to have {self.name} asked: {error.code}.") from error
                if error.code not in _BUSY:
                    return None
                if tries == _TRIES:
                    raise self._away(f"it is busy, {error.code}") from error
            except (OSError, HTTPException) as error:
                if tries == _TRIES:
                    raise self._away(str(error) or type(error).__name__) from error
            except (ValueError, KeyError, IndexError, TypeError):
                if tries == _TRIES:
                    return None
            time.sleep(_PAUSE_SECONDS * tries)
        return None

    def _away(self, why: str) -> JobError:
        return JobError(f"{self.name} does not answer at {self.url}: {why}. What is done stays; start it again later.")
