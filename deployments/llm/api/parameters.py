"""Which parameters of OpenAI's API are honoured, which are ignored, and which are refused rather than ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deployments.llm.errors import UnsupportedParameter

# Without effect on the answer: whose request it is, and hints to caches. What they say is not kept.
CHAT_IGNORED = frozenset(
    {
        "user",
        "metadata",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
    }
)
EMBEDDING_IGNORED = frozenset({"user"})

# Values that ask for nothing special, so that clients which send every parameter are understood.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "store": (False,),
    "modalities": (["text"],),
    "service_tier": ("auto", "default"),
    "verbosity": ("medium",),
}


def known(body: Mapping[str, Any], fields: Iterable[str], ignored: frozenset[str]) -> dict[str, Any]:
    """The parameters that are honoured. Raises `UnsupportedParameter` naming the first that would be lost.

    null is always what leaving a parameter out is.
    """
    kept: dict[str, Any] = {}
    fields = set(fields)
    for name, value in body.items():
        if value is None or name in ignored:
            continue
        if name in fields:
            kept[name] = value
        elif not any(type(value) is type(neutral) and value == neutral for neutral in _NEUTRAL.get(name, ())):
            raise UnsupportedParameter(_message(name[:64], name in _NEUTRAL), param=name[:64])
    return kept


def _message(name: str, of_value: bool) -> str:
    return f"This value of {name} is not supported" if of_value else f"The parameter {name} is not supported"
