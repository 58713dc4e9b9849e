"""Revisions as entity tags (RFC 9110): a reader gets `ETag`, a writer names it in `If-Match`."""

from __future__ import annotations

from deployments.kit.errors import PreconditionFailed


def etag(revision: int, *more: object) -> str:
    """A strong entity tag. What follows the revision changes the tag but not what `If-Match` compares."""
    return '"' + ".".join(str(part) for part in (revision, *more)) + '"'


def check_match(if_match: str | None, revision: int) -> None:
    """Raises `PreconditionFailed` where `If-Match` is given and names other revisions only."""
    if if_match is None or if_match.strip() == "*":
        return
    wanted = {tag.strip().removeprefix("W/").strip('"').split(".")[0] for tag in if_match.split(",")}
    if str(revision) not in wanted:
        raise PreconditionFailed()


def none_match(if_none_match: str | None, tag: str) -> bool:
    """Whether the reader's copy (`If-None-Match`) is still good."""
    if if_none_match is None:
        return False
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in if_none_match.split(","))
