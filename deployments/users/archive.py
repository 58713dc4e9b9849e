"""The archive of what is held on a person: a ZIP of JSON files, a manifest, and a page that explains them. Pure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

FORMAT = 1
# Every file but the manifest, and what a reader is told about it.
CONTENTS: Mapping[str, str] = {
    "profile": "Who you are here: names, e-mail address, role, settings, and the fields that are kept encrypted.",
    "sessions": "The devices that are signed in now, with address and browser.",
    "enrollments": "The courses you are or were enrolled in, with progress and score.",
    "progress": "Each unit you completed or were scored in.",
    "attempts": "Your attempts at quizzes: what you answered and what it was worth.",
    "submissions": "Your assignments with their grades and feedback.",
    "suggested_grades": "Grades that a model suggested for your work, how sure it was, and what a person gave.",
    "appeals": "Your appeals against grades, and the answers.",
    "reviews": "Your ratings and reviews of courses.",
    "certificates": "Certificates issued to you; `token` is the signed certificate itself.",
    "learning_days": "What you did by day, in counts by the minute of the UTC day, as analytics keeps it.",
    "tutoring": "Your conversations with the tutor; what was said is readable.",
    "model_usage": "What your questions to language models came to, by day: requests, tokens, millionths of a dollar.",
    "model_transcripts": "Conversations with language models that your organisation keeps.",
    "model_keys": "Keys for language models that you made for your organisation.",
    "predictions": "How likely a model held it that you would withdraw or fail, why, and what was done.",
    "mastery": "What you are thought to know, skill by skill, from your results.",
    "learning_goals": "What you said you want to learn, and how long you sit down for it.",
    "unit_reviews": "How well you said you remembered units that you saw again.",
    "advised_paths": "How much of the time you were last advised to spend on what you had done before, by course.",
    "courses_taught": "Courses you teach.",
    "gradings": "Grades and feedback you gave.",
    "invitations": "Invitations sent to your address.",
    "agent_tasks": "What you asked agents for: input, plan, steps and results.",
    "agent_tasks_about": "Tasks of others that touched your data: which kind, when, and by which tools.",
    "agent_answers": "Your answers to what tasks asked.",
    "mails": "Mails to you that wait to be delivered.",
    "events": "What happened with your account and your learning, as CloudEvents 1.0.",
}
_INTRODUCTION = """What {organisation} holds about you
===================================

Made on {moment}. Every file is JSON; times are RFC 3339, in UTC. `manifest.json` lists the files with the number of
records in each.

"""


def build(parts: Mapping[str, list[dict[str, Any]]], *, user_id: UUID, organisation: str, made_at: datetime) -> bytes:
    """The ZIP file. `parts` has the records of every name in `CONTENTS`; the profile is a single object."""
    files = [
        {"file": f"{name}.json", "records": len(parts[name]), "description": text} for name, text in CONTENTS.items()
    ]
    manifest = {
        "format": FORMAT,
        "user_id": user_id,
        "organisation": organisation,
        "made_at": made_at,
        "files": files,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(organisation, made_at))
        archive.writestr("manifest.json", _json(manifest))
        for name in CONTENTS:
            archive.writestr(f"{name}.json", _json(parts[name][0] if name == "profile" else parts[name]))
    return buffer.getvalue()


def _readme(organisation: str, made_at: datetime) -> str:
    lines = [f"{name}.json\n    {text}\n" for name, text in CONTENTS.items()]
    return _INTRODUCTION.format(organisation=organisation, moment=f"{made_at:%Y-%m-%d %H:%M} UTC") + "\n".join(lines)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
