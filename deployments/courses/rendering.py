"""Markdown to HTML that is safe to put into a page.

Two walls, each sufficient: the renderer (CommonMark with tables and strikethrough) passes no HTML of the author's and
makes no link to `javascript:` and its like; the sanitiser (ammonia) lets through only what is listed here.
"""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "img", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
_CODE_LANGUAGE = re.compile(r"^language-[A-Za-z0-9_+#.-]{1,40}$")

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if tag == "code" and attribute == "class":
        return value if _CODE_LANGUAGE.match(value) else None
    if tag == "img" and attribute == "src":
        return value if value.startswith("https://") else None
    return value


_cleaner = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    filter_style_properties={"text-align"},
    set_tag_attribute_values={"img": {"loading": "lazy", "referrerpolicy": "no-referrer"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="nofollow noopener noreferrer",
)


def render(markdown: str) -> str:
    """Blocks of HTML. Takes seconds of CPU for hostile text of 200,000 characters: call it off the event loop."""
    return _cleaner.clean(_markdown.render(markdown))


def render_inline(markdown: str) -> str:
    """HTML without blocks, for what stands in a line."""
    return _cleaner.clean(_markdown.renderInline(markdown))
