"""The template of conversations: what a model of ChatML's family is given to read."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from cluster.models.convert import TEMPLATE

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def rendered(*messages: dict[str, Any], tools: list[Any] | None = None, add_generation_prompt: bool = True) -> str:
    """As transformers renders it: `trim_blocks` and `lstrip_blocks` on."""
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    template = environment.from_string(TEMPLATE.read_text())
    return template.render(messages=messages, tools=tools, add_generation_prompt=add_generation_prompt)


def test_a_question() -> None:
    assert rendered({"role": "user", "content": "Hello"}) == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_an_own_system_message_takes_the_place_of_ours() -> None:
    text = rendered({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"})
    assert text.count("<|im_start|>system") == 1
    assert "Be brief." in text
    assert "helpful" not in text


@pytest.mark.parametrize("content", [None, ""])
def test_tools_calls_and_their_answers(content: str | None) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Paris"}}}
    text = rendered(
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": content, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "Rain"},
        tools=[TOOL],
        add_generation_prompt=False,
    )
    assert '"name": "weather"' in text[: text.index("<|im_end|>")]
    assert '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>' in text
    assert text.endswith("<|im_start|>user\n<tool_response>\nRain\n</tool_response><|im_end|>\n")
