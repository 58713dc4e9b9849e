"""The demo content is complete, consistent, and right where a program can tell.

Besides the structure, these tests recompute every numeric answer of the quizzes and run every Python
example of the courses, comparing what it prints with the output shown below it. Examples with pandas run
where pandas is installed.
"""

import contextlib
import io
import math
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

DEMO = Path(__file__).parents[3] / "configs" / "demo"
ROLES = {"student", "instructor", "org_admin", "auditor"}
COURSE_KEYS = {
    "slug", "title", "description", "category", "difficulty", "duration_minutes", "price", "currency",
    "language", "tags", "instructor", "prerequisites", "modules",
}  # fmt: skip
UNIT_KEYS = {
    "text": {"kind", "title", "body"},
    "video": {"kind", "title", "video_url", "body"},
    "quiz": {"kind", "title", "quiz"},
    "assignment": {"kind", "title", "assignment"},
}
QUESTION_KEYS = {
    "single_choice": {"options", "correct"},
    "multiple_choice": {"options", "correct"},
    "true_false": {"correct"},
    "numeric": {"correct", "tolerance"},
    "short_text": {"accepted"},
}
COMMON_QUESTION_KEYS = {"kind", "prompt", "points", "explanation"}
MODULES_PER_COURSE = range(4, 6)
TEXTS_PER_MODULE = range(2, 5)
QUESTIONS_PER_QUIZ = range(4, 7)
WORDS_PER_UNIT = range(350, 701)
MAXIMUM_TITLE_LENGTH = 255
MAXIMUM_PERCENT = 100
MINIMUM_OPTIONS = 3
PRICE_EXPONENT = -2

# Each numeric question, found by a part of its prompt, and its answer computed anew.
RECOMPUTED: dict[str, float] = {
    "relearning it takes 396 seconds": (600 - 396) / 600 * 100,
    "examination is 60 days away": 60 / 5,
    "confidence 70, 90, 50 and 90": (70 + 90 + 50 + 90) / 4 - 2 / 4 * 100,
    "144 bicycle thefts": 144 / 64_000 * 1000,
    "standard deviation of 2, 4, 4, 6, 9": math.sqrt(sum((x - 5) ** 2 for x in (2, 4, 4, 6, 9)) / 4),
    "Group A has 20 members": (20 * 50 + 80 * 70) / 100,
    "prepared for 5 hours and got 65 points": 65 - (50.4 + 3.2 * 5),
    "mean 100 and SD 15": 100 + 0.8 * (130 - 100) / 15 * 15,
    "Of 1,000 people, 10 per cent": 100 * 80 / (80 + 90),
    "standard error of the mean of 100 values": 20 / math.sqrt(100),
    "number needed to treat": 1 / (0.05 - 0.03),
    "random sample of 900 people": 1.96 * math.sqrt(0.3 * 0.7 / 900) * 100,
    "Ten independent tests": 1 - 0.95**10,
    "[6, None, 0, 9]": (6 + 0 + 9) / 3,
    "between 3 March 2025 and 3 April 2025": 31,
    "2,240 visits in February": 2480 / 31 - 2240 / 28,
    "holds 8, a missing value, 4 and 6": (8 + 4 + 6) / 3,
    "81 of 87 small and 192 of 263": (81 + 192) / (87 + 263) * 100,
    "3 times in the left table and 4 times": 3 * 4,
    "permutation test with 999 repetitions": (19 + 1) / (999 + 1),
}

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def load(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


ORGANISATION = load(DEMO / "organisation.yaml")
COURSES = {path.stem: load(path) for path in sorted((DEMO / "courses").glob("*.yaml"))}
UNITS = {
    f"{slug}: {unit['title']}": unit
    for slug, course in COURSES.items()
    for module in course["modules"]
    for unit in module["units"]
}
QUIZZES = {name: unit["quiz"] for name, unit in UNITS.items() if unit["kind"] == "quiz"}
QUESTIONS = {
    f"{name}, {number}": question
    for name, quiz in QUIZZES.items()
    for number, question in enumerate(quiz["questions"], start=1)
}
NUMERIC = {name: question for name, question in QUESTIONS.items() if question["kind"] == "numeric"}
WITH_CODE = {name: unit for name, unit in UNITS.items() if "```python" in unit.get("body", "")}


def each(argument: str, cases: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(argument, list(cases.values()), ids=list(cases))


def units_of(course: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [unit for module in course["modules"] for unit in module["units"] if unit["kind"] == kind]


def markdown_of(unit: dict[str, Any]) -> str:
    text = unit.get("body") or unit.get("assignment", {}).get("instructions", "")
    assert isinstance(text, str)
    return text


def test_organisation_has_one_account_of_each_demo_person_and_no_password() -> None:
    accounts = ORGANISATION["accounts"]
    assert ORGANISATION.keys() == {"slug", "name", "registration", "accounts"}
    assert (ORGANISATION["slug"], ORGANISATION["registration"]) == ("demo", "open")
    assert all(account.keys() == {"email", "first_name", "last_name", "role"} for account in accounts)
    assert len({account["email"] for account in accounts}) == len(accounts)
    assert all(account["email"].endswith("@demo.example") for account in accounts)
    assert Counter(account["role"] for account in accounts) == Counter(
        {"student": 2, "instructor": 2, "org_admin": 1, "auditor": 1}
    )
    assert {account["role"] for account in accounts} == ROLES


def test_there_are_three_courses() -> None:
    assert COURSES.keys() == {"learning-science", "data-literacy", "python-for-data"}


@each("course", COURSES)
def test_course_has_exactly_the_agreed_keys_and_values(course: dict[str, Any]) -> None:
    instructors = {a["email"] for a in ORGANISATION["accounts"] if a["role"] == "instructor"}
    assert course.keys() == COURSE_KEYS
    assert COURSES[course["slug"]] is course
    assert 0 < len(course["title"]) <= MAXIMUM_TITLE_LENGTH
    assert course["description"].strip()
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", course["category"])
    assert course["difficulty"] in {"beginner", "intermediate", "advanced"}
    assert isinstance(course["duration_minutes"], int)
    assert course["duration_minutes"] > 0
    assert isinstance(course["price"], str)
    assert Decimal(course["price"]).as_tuple().exponent == PRICE_EXPONENT
    assert (course["currency"], course["language"]) == ("EUR", "en")
    assert len(set(course["tags"])) == len(course["tags"]) > 0
    assert course["instructor"] in instructors


def test_prerequisites_exist_and_have_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(COURSES):
        ready = {slug for slug, c in COURSES.items() if slug not in done and set(c["prerequisites"]) <= done}
        assert ready, "a prerequisite is unknown or part of a cycle"
        done |= ready
    assert COURSES["python-for-data"]["prerequisites"] == ["data-literacy"]


@each("course", COURSES)
def test_course_is_built_of_readable_modules(course: dict[str, Any]) -> None:
    assert len(course["modules"]) in MODULES_PER_COURSE
    for module in course["modules"]:
        kinds = Counter(unit["kind"] for unit in module["units"])
        assert module.keys() == {"title", "units"}
        assert kinds["text"] in TEXTS_PER_MODULE
        assert kinds["quiz"] == 1
    assert len(units_of(course, "assignment")) == 1
    assert len(units_of(course, "video")) <= 1
    titles = [unit["title"] for module in course["modules"] for unit in module["units"]]
    assert len(set(titles)) == len(titles)


@each("unit", UNITS)
def test_unit_has_the_keys_of_its_kind_and_enough_to_read(unit: dict[str, Any]) -> None:
    assert unit.keys() == UNIT_KEYS[unit["kind"]]
    assert 0 < len(unit["title"]) <= MAXIMUM_TITLE_LENGTH
    if "body" in unit:
        assert len(unit["body"].split()) in WORDS_PER_UNIT
    if "video_url" in unit:
        assert unit["video_url"].startswith("https://videos.example.org/")


@each("unit", {n: u for n, u in UNITS.items() if u["kind"] != "quiz"})
def test_markdown_is_well_formed(unit: dict[str, Any]) -> None:
    text = markdown_of(unit)
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(FENCE.findall(text))
    prose = FENCE.sub("", text)
    assert not re.search(r"^# ", prose, re.MULTILINE), "the title of the unit is the only first-level heading"
    assert not re.search(r"<[a-z/!]", re.sub(r"`[^`\n]*`", "", prose)), "no HTML"
    tables = [block for block in prose.split("\n\n") if block.startswith("|")]
    for table in tables:
        widths = {len(re.split(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row))) for row in table.splitlines()}
        assert len(widths) == 1, table


@each("quiz", QUIZZES)
def test_quiz_settings(quiz: dict[str, Any]) -> None:
    assert quiz.keys() == {"pass_mark_percent", "attempts_allowed", "questions"}
    assert 0 < quiz["pass_mark_percent"] <= MAXIMUM_PERCENT
    assert quiz["attempts_allowed"] is None or quiz["attempts_allowed"] > 0
    assert len(quiz["questions"]) in QUESTIONS_PER_QUIZ


@each("question", QUESTIONS)
def test_question_can_be_marked(question: dict[str, Any]) -> None:
    kind = question["kind"]
    assert question.keys() == COMMON_QUESTION_KEYS | QUESTION_KEYS[kind]
    assert question["prompt"].strip()
    assert question["explanation"].strip()
    assert isinstance(question["points"], int)
    assert question["points"] > 0
    correct = question.get("correct")
    if "options" in question:
        options = question["options"]
        assert len(options) >= MINIMUM_OPTIONS
        assert all(isinstance(option, str) and option.strip() for option in options)
        assert len(set(options)) == len(options)
        chosen = [correct] if kind == "single_choice" else correct
        assert isinstance(chosen, list)
        assert chosen == sorted(set(chosen))
        assert 0 < len(chosen) < len(options)
        assert all(0 <= index < len(options) for index in chosen)
    elif kind == "true_false":
        assert isinstance(correct, bool)
    elif kind == "short_text":
        assert question["accepted"]
        assert all(isinstance(answer, str) and answer.strip() for answer in question["accepted"])


@each("question", NUMERIC)
def test_numeric_answer_agrees_with_a_fresh_calculation(question: dict[str, Any]) -> None:
    matches = [value for part, value in RECOMPUTED.items() if part in question["prompt"]]
    assert len(matches) == 1, question["prompt"]
    assert question["tolerance"] >= 0
    assert abs(matches[0] - question["correct"]) <= question["tolerance"] + 1e-9


@each("course", COURSES)
def test_single_choice_answers_do_not_always_stand_in_the_same_place(course: dict[str, Any]) -> None:
    questions = [q for unit in units_of(course, "quiz") for q in unit["quiz"]["questions"]]
    places = Counter(q["correct"] for q in questions if q["kind"] == "single_choice")
    assert max(places.values()) <= places.total() / 2


@each("course", COURSES)
def test_marking_points_of_the_assignment_add_up(course: dict[str, Any]) -> None:
    for unit in units_of(course, "assignment"):
        assignment = unit["assignment"]
        assert assignment.keys() == {"instructions", "maximum_points"}
        points = re.findall(r"^\|[^|]+\| (\d+) \|$", assignment["instructions"], re.MULTILINE)
        assert sum(map(int, points)) == assignment["maximum_points"] > 0


@each("unit", WITH_CODE)
def test_python_examples_run_and_print_what_is_shown(
    unit: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = FENCE.findall(markdown_of(unit))
    if any("import pandas" in code for _, code in blocks):
        pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "example"}
    printed = ""
    for language, content in blocks:
        if language == "python":
            assert not printed, "an example prints something that is not shown"
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(content, unit["title"], "exec"), namespace)
            printed = re.sub(r" +$", "", output.getvalue(), flags=re.MULTILINE)
        elif printed:
            assert content == printed
            printed = ""
    assert not printed, "an example prints something that is not shown"
