"""Trace what learners know, answer by answer, with a model of fit-knowledge."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from jobs.data.knowledge import auc
from jobs.framework import DataFolder, Row, RowsFile, Run, job
from jobs.framework.rows import Work
from jobs.reading.blocks import Learners
from jobs.reading.results import read_results

COLUMNS = ("row", "learner", "skill_name", "correct", "chance", "known", "model")


@job(version=3)
def trace_knowledge(
    run: Run,
    data: DataFolder,
    out: RowsFile,
    model: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="what fit-knowledge made; else typical values")
    ] = None,
    learners: Annotated[
        Learners, typer.Option(help="user_id names a learner, or is the number of rows of one; auto: as the rows say")
    ] = Learners.AUTO,
) -> None:
    """For every row of a folder, in its order: `chance`, that it is answered rightly, and `known`, that the skill is
    known; both from the rows of the learner before it and from nothing later.

    A row whose `correct` is empty is predicted, and teaches nothing.
    """
    met = None
    if model is not None:
        from learning.knowledge.storing import load

        met = load(model).skills  # what is no model is told before the work is given out
    results = read_results(data, graded=False, learners=learners)
    run.warn(*results.told.remarks)
    if met is not None:
        run.warn(*unmet([skill for row in results.learners for skill in row["skills"]], met))
    traced = run.each(results.learners, partial(tracer, model), stage="learners", batch_size=16)
    rows = sorted(traced, key=lambda row: row["row"])
    run.write(rows, COLUMNS)
    run.note(learners=len(results.learners), learners_are=results.told.by)
    length = {row["learner"]: len(row["rows"]) for row in results.learners}
    known = [row for row in rows if row["correct"] is not None]
    right, chances = [row["correct"] for row in known], [row["chance"] for row in known]
    run.note(**auc(right, chances, [length[row["learner"]] for row in known]))


def unmet(skills: Sequence[str], met: Container[str]) -> Iterator[str]:
    """What to know of rows whose skill a model was not made of."""
    others = [skill for skill in skills if skill not in met]
    if others:
        yield (
            f"{len(others):,} of {len(skills):,} rows have a skill that the model never met, as {others[0]}: they are "
            "traced as is usual over all skills."
        )


def tracer(file: Path | None) -> Work:
    """Load the model, and give what traces learners, one a row."""
    from learning.knowledge.history import History
    from learning.knowledge.model import DEFAULT
    from learning.knowledge.storing import load

    model = load(file) if file else DEFAULT

    def work(learners: list[Row]) -> list[Row]:
        traced: list[Row] = []
        for learner in learners:
            history = History()
            own = zip(learner["rows"], learner["skills"], learner["right"], strict=True)
            before, place = [], len(traced)
            for row, name, right in own:
                before.append(history.features(name, model.skill(name)))
                known = history.known(name, model.skill(name))
                traced.append(
                    {"row": row, "learner": learner["learner"], "skill_name": name, "correct": right,
                     "known": round(known, 4), "model": model.name}
                )  # fmt: skip
                if right is not None:
                    model.record(history, name, bool(right))
            for answer, chance in zip(traced[place:], model.chances(before), strict=True):
                answer["chance"] = round(chance, 6)
        return traced

    return work


if __name__ == "__main__":
    trace_knowledge()
