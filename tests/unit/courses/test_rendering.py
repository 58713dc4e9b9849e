"""Markdown in, safe HTML out. What comes out is read with an HTML parser, as a browser would."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.courses.rendering import render, render_inline

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "img", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"href", "title", "rel", "src", "alt", "class", "start", "style", "loading", "referrerpolicy"}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>@import 'javascript:alert(1)'</style>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<form action=javascript:alert(1)><input type=submit>",
    "<object data=javascript:alert(1)>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<template><script>alert(1)</script></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](<javascript:alert(1)>)",
    "[x]( javascript:alert(1) 'title')",
    "[x](//evil.example/a)",
    "[x](/api/sessions)",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zy9vbmxvYWQ9YWxlcnQoMSk+)",
    "![x](data:image/png;base64,iVBORw0KGgo=)",
    "![x](http://plain.example/pixel.png)",
    '![x](https://e.example/a.png "\\" onerror=alert(1) x=\\"")',
    '[x](https://e.example "\\"><script>alert(1)</script>")',
    "[<img src=x onerror=alert(1)>](https://e.example)",
    '``` "><script>alert(1)</script>\ncode\n```',
    "```html onmouseover=alert(1)\n<b onclick=alert(1)>\n```",
    "| a |\n|:-:|\n| <img src=x onerror=alert(1)> |",
    "| <script>alert(1)</script> |\n|---|\n| x |",
    "# <svg onload=alert(1)>",
    "> <img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script\\>alert(1)\\</script\\>",
    "<a\x00 href=x>",
    '<a href="https://x.example" onclick=alert(1)>x</a>',
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<x id=`onmouseover=alert(1)`>",
    "*<b*onclick=alert(1)>*",
    "<https://e.example/?q=<script>alert(1)</script>>",
]


class Inspector(HTMLParser):
    """Fails at anything that is not on the list."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            self._check_value(tag, name, value or "")
        if tag == "a":
            assert dict(attrs)["rel"] == "nofollow noopener noreferrer"

    def _check_value(self, tag: str, name: str, value: str) -> None:
        if name == "href":
            assert value.split(":", 1)[0].lower() in {"http", "https", "mailto"}, value
        elif name == "src":
            assert value.startswith("https://"), value
        elif name == "style":
            assert value.strip(" ;") in {"text-align:left", "text-align:center", "text-align:right"}, value
        elif name == "class":
            assert tag == "code"
            assert value.startswith("language-")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def inspect(html: str) -> None:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_gets_through(payload: str) -> None:
    for text in (payload, f"before {payload} after", f"- {payload}\n- x", f"**{payload}**"):
        inspect(render(text))
        inspect(render_inline(text))


@given(st.lists(st.sampled_from(PAYLOADS) | st.text(max_size=12), min_size=1, max_size=6).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_mixture_of_payloads_gets_through(text: str) -> None:
    inspect(render(text))
    inspect(render_inline(text))


@given(st.text(alphabet="<>\"'`=/&#;:\\[]()!*_~|- \n\tjavscriptdthmlonerw01", max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_soup_of_special_characters_gets_through(text: str) -> None:
    inspect(render(text))
    inspect(render_inline(text))


def test_what_authors_write_is_kept() -> None:
    html = render(
        "# Title\n\nSome *soft* **loud** ~~gone~~ `code` [link](https://example.org/a?b=1&c=2 'hint')\n\n"
        "1. one\n2. two\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n```python\nprint(1 < 2)\n```\n\n"
        "![dot](https://example.org/dot.png)\n\n<mailto:a@example.org>"
    )
    for part in (
        "<h1>Title</h1>", "<em>soft</em>", "<strong>loud</strong>", "<s>gone</s>", "<code>code</code>",
        'href="https://example.org/a?b=1&amp;c=2"', "<ol>", '<th style="text-align:left">', "print(1 &lt; 2)",
        '<code class="language-python">', 'src="https://example.org/dot.png"', 'alt="dot"',
        'href="mailto:a@example.org"',
    ):  # fmt: skip
        assert part in html, (part, html)


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "![" * 10_000, "*a " * 6_000, "> " * 10_000, "`" * 20_000, "[a](" * 5_000, "<a " * 6_000]
)
def test_hostile_text_takes_time_in_proportion(text: str) -> None:
    started = time.process_time()
    inspect(render(text))
    assert time.process_time() - started < 20
