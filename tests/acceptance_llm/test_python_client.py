"""OpenAI's Python client against the real small model: Serve, vLLM, HAProxy and `/v1` in between."""

from __future__ import annotations

import json
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from tests.acceptance_llm.conftest import MODEL

QUESTION: Any = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}


class Verdict(BaseModel):
    grade: Literal["pass", "fail"]
    points: int


def ask(client: openai.OpenAI, **more: Any) -> Any:
    given = {"model": MODEL, "messages": QUESTION, "temperature": 0, "max_tokens": 40}
    return client.chat.completions.create(**{**given, **more})


def test_the_model_is_offered(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]


def test_it_knows_something(client: openai.OpenAI) -> None:
    answer = ask(client)
    assert "Paris" in answer.choices[0].message.content
    assert answer.usage.prompt_tokens > 10
    assert answer.usage.completion_tokens > 3


def test_streamed_it_says_the_same(client: openai.OpenAI) -> None:
    whole = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    parts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(parts) == whole.choices[0].message.content
    assert len([part for part in parts if part]) > 3  # as it is written, not at once
    assert chunks[-1].usage == whole.usage
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == whole.choices[0].finish_reason


def test_limits_are_kept_exactly(client: openai.OpenAI) -> None:
    answer = ask(client, messages=[{"role": "user", "content": "Write a long story about a ship."}], max_tokens=7)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 7


def test_it_stops_where_told(client: openai.OpenAI) -> None:
    answer = ask(client, stop=["France"])
    assert "France" not in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def test_a_tool_that_must_be_called(client: openai.OpenAI) -> None:
    answer = ask(client, tools=[WEATHER], tool_choice="required", max_tokens=120)
    (call,) = answer.choices[0].message.tool_calls[:1]
    assert call.function.name == "weather"
    _check(json.loads(call.function.arguments))


def test_a_named_tool_streamed(client: openai.OpenAI) -> None:
    named = {"type": "function", "function": {"name": "weather"}}
    name, arguments = "", ""
    for chunk in ask(client, tools=[WEATHER], tool_choice=named, max_tokens=120, stream=True):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            name += call.function.name or ""
            arguments += call.function.arguments or ""
    assert name == "weather"
    _check(json.loads(arguments))


def _check(arguments: Any) -> None:
    assert arguments.keys() == {"city", "days"}
    assert arguments["city"] in ("Paris", "Rome")
    assert isinstance(arguments["days"], int)


def test_what_a_tool_answered_is_read(client: openai.OpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    messages = [
        *QUESTION,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Rain, 12 degrees"},
    ]
    with_answer = ask(client, messages=messages, tools=[WEATHER], max_tokens=16)
    assert with_answer.usage.prompt_tokens > ask(client, max_tokens=16).usage.prompt_tokens + 50


def test_an_answer_of_a_schema(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(
        model=MODEL,
        messages=[{"role": "user", "content": "Grade this: 2 + 2 = 4. Give a grade and points."}],
        response_format=Verdict,
        temperature=0,
        max_tokens=100,
    )
    assert isinstance(answer.choices[0].message.parsed, Verdict)


def test_too_long_a_conversation(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(client, messages=[{"role": "user", "content": "word " * 30_000}])
    assert refusal.value.code == "context_length_exceeded"


def test_several_at_once(client: openai.OpenAI) -> None:
    """They are answered together, each as if it were alone."""
    from concurrent.futures import ThreadPoolExecutor

    capitals = {"France": "Paris", "Greece": "Athens", "Germany": "Berlin", "Japan": "Tokyo"}

    def capital(country: str) -> str:
        return str(
            ask(client, messages=[{"role": "user", "content": f"What is the capital of {country}?"}])
            .choices[0]
            .message.content
        )

    with ThreadPoolExecutor(len(capitals)) as pool:
        answers = dict(zip(capitals, pool.map(capital, capitals), strict=True))
    assert all(capitals[country] in answer for country, answer in answers.items()), answers
