"""Answer questions from a textbook, as the tutor does: with its sentences and their places, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jobs.framework import DataFolder, Row, RowsFile, Run, UnusableData, job
from jobs.framework.rows import Work
from jobs.reading.textbooks import (
    answers,
    in_short,
    misplaced,
    placed,
    read_passages,
    read_questions,
    unread,
    unread_places,
    windows,
)

COLUMNS = ("question_id", "question", "declined", "passage_ids", "sections", "answer", "model")


@job(version=8)
def answer_questions(run: Run, data: DataFolder, out: RowsFile) -> None:
    """Answer every question of the folder from its passages; a row for each, in their order.

    Where the questions say what answers them, the summary tells how often that was found first and among the first
    three, beside what words alone find, and how many were declined.
    """
    book = read_passages(data)
    passages = [row for row in book if row["text"]]
    if not passages:
        raise UnusableData(f"No passage of {data} has a text.")
    questions, matched = placed(passages, read_questions(data))
    run.warn(*empty(book, questions), *matched, *remarks(data, passages, questions))
    asking = [row for row in questions if row["question"]]
    # What answers a question is for the figures: it does not reach what answers.
    asked = [{"question_id": one["question_id"], "question": one["question"]} for one in asking]
    parts = windows(passages)
    vectors = [row["vector"] for row in run.each(parts, embedder, stage="passages", batch_size=64)]
    work = partial(answerer, passages, parts, vectors)
    answered = list(run.each(asked, work, stage="questions", batch_size=8))
    rows = list(_every(questions, answered))
    run.write(rows, COLUMNS)
    run.note(passages=len(passages), questions=len(questions), declined=sum(row["declined"] for row in rows))
    run.note(model=", ".join(sorted({row["model"] for row in answered})), **figures(passages, asking, answered))


def empty(book: Sequence[Row], questions: Sequence[Row]) -> Iterator[str]:
    """What of the folder has no words."""
    if bare := sum(not row["text"] for row in book):
        yield f"{bare:,} passages have no text, and are left out."
    if bare := sum(not row["question"] for row in questions):
        yield f"{bare:,} questions are empty: they are declined, and count in no share."


def remarks(data: Path, passages: Sequence[Row], questions: Sequence[Row]) -> Iterator[str]:
    """What of the folder does not count, or not as one might think."""
    if others := unread(data):
        yield f"Neither `passages` nor `questions`, and not read: {in_short(others)}."
    if odd := misplaced(passages, questions):
        yield f"{odd} questions name a section or passage_id that no passage has: they count as not found."
    yield from unread_places(passages, questions)
    untold = sum(_answerable(one) is None for one in questions if one["question"])
    if 0 < untold < len(questions):
        yield (
            f"{untold} questions say neither where they are answered nor, under `answerable`, that they are not (0): "
            "they are answered, and count in no share."
        )


def embedder() -> Work:
    """Load the sentence model, and give what embeds passages."""
    from learning.embedding.minilm import MiniLM

    model = MiniLM.load(threads=1)

    def work(rows: list[Row]) -> list[Row]:
        found = model.embed([f"{row['heading']}\n{row['text']}" for row in rows])
        return [{"vector": [round(float(x), 5) for x in vector]} for vector in found]

    return work


def answerer(passages: Sequence[Row], parts: Sequence[Row], vectors: Sequence[Sequence[float]]) -> Work:
    """Put the book together of parts of its passages, and give what answers questions."""
    import numpy as np

    from learning.embedding import cross_encoder
    from learning.embedding.minilm import MiniLM
    from learning.grading.words import STOP_WORDS, stem
    from learning.retrieval.answering import Book
    from learning.retrieval.library import Library, Text

    model = MiniLM.load(threads=1)
    reader = None if cross_encoder.WEIGHTS.missing() else cross_encoder.CrossEncoder.load(threads=1)
    wholes = [row["passage"] for row in parts]
    sections = [passages[whole]["within"] for whole in wholes]
    texts = [Text(row["heading"], row["text"], section) for row, section in zip(parts, sections, strict=True)]
    library = Library(texts, np.array(vectors, dtype=np.float32), stem, STOP_WORDS, wholes)
    book = Book(texts, library, model, reader)

    def work(rows: list[Row]) -> list[Row]:
        asked = model.embed([row["question"] for row in rows])
        return [_answered(book, passages, wholes, row, vector) for row, vector in zip(rows, asked, strict=True)]

    return work


def _answered(book: Any, passages: Sequence[Row], wholes: Sequence[int], row: Row, vector: Any) -> Row:
    answer = book.answer(row["question"], vector)
    first = [wholes[one.candidate.item] for one in answer.found]
    found = [passages[place] for place in first]
    return {
        "question_id": row["question_id"], "question": row["question"], "declined": not answer.quotes,
        "passage_ids": [passage["passage_id"] for passage in found],
        "sections": [passage["section"] for passage in found],
        "answer": "\n".join(f"{quote.text} [{quote.source + 1}]" for quote in answer.quotes), "model": book.made_by,
        "first": first, "by_words": [wholes[part] for part in book.by_words(row["question"], 3)],
    }  # fmt: skip


def _every(questions: Sequence[Row], answered: Sequence[Row]) -> Iterator[Row]:
    """A row of the output for each question. One that asks nothing is declined, by no model."""
    found = iter(answered)
    for one in questions:
        nothing = {"declined": True, "passage_ids": [], "sections": [], "answer": "", "model": ""}
        row = next(found) if one["question"] else one | nothing
        yield {name: row[name] for name in COLUMNS}


def figures(passages: Sequence[Row], questions: Sequence[Row], answered: Sequence[Row]) -> dict[str, Any]:
    """What can be said of questions that tell what answers them; shares from 0 to 1."""
    found: dict[str, Any] = {}
    pairs = list(zip(questions, answered, strict=True))
    known = [(q, a) for q, a in pairs if _answerable(q) and (q["sections"] or q["passage_ids"])]
    for name, places in (("", "first"), ("_by_words_alone", "by_words")):
        for title, depth in (("first_passage", 1), ("first_three", 3)):
            if known:
                right = sum(any(answers(passages[at], q) for at in a[places][:depth]) for q, a in known)
                found[title + name] = round(right / len(known), 4)
    for name, wanted in (("declined_of_answered", True), ("declined_of_others", False)):
        own = [a["declined"] for q, a in pairs if _answerable(q) is wanted]
        if own:
            found[name] = round(sum(own) / len(own), 4)
    return found


def _answerable(question: Row) -> bool | None:
    told: bool | None = question["answerable"]
    return True if told is None and (question["sections"] or question["passage_ids"]) else told


if __name__ == "__main__":
    answer_questions()
