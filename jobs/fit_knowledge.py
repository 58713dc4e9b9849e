"""Fit knowledge tracing and the predictor of the next answer to learners' results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated

import numpy as np
import typer

from jobs.data.knowledge import auc
from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.outputs import replacing
from jobs.framework.rows import Work
from jobs.framework.tables import folder_hash
from jobs.reading.blocks import Learners
from jobs.reading.results import read_results
from learning.knowledge.bkt import Parameters
from learning.knowledge.bkt_fitting import fit_bkt
from learning.knowledge.fitting import (
    FEWEST_ANSWERS,
    Learner,
    TooFewResults,
    by_skill,
    examples,
    fit_predictor,
    skill_of,
    usual_rate,
)
from learning.knowledge.history import Skill
from learning.knowledge.model import KnowledgeModel

_HELD_OUT = 5  # every fifth learner, while figures are taken


@job(version=2)
def fit_knowledge(
    run: Run,
    data: DataFolder,
    out: OutFile,
    learners: Annotated[
        Learners, typer.Option(help="user_id names a learner, or is the number of rows of one; auto: as the rows say")
    ] = Learners.AUTO,
) -> None:
    """Fit Bayesian knowledge tracing with forgetting per skill, then a predictor over whole histories.

    The figures in the summary are for every fifth learner, who was held out while they were taken.
    """
    results = read_results(data, graded=True, learners=learners)
    run.warn(*results.told.remarks)
    every = [Learner(row["skills"], row["right"]) for row in results.learners]
    source = folder_hash(data, out)
    some = [learner for place, learner in enumerate(every) if place % _HELD_OUT]
    others = [learner for place, learner in enumerate(every) if not place % _HELD_OUT]
    check = _fitted(run, some, "check", "held out")
    model = _fitted(run, every, f"knowledge-{source[:12]}", "skills")
    # What is measured has to be of the kind that is written.
    figures = _figures(check, others) if (check.predictor is None) == (model.predictor is None) else {}
    if model.predictor is None:
        run.warn(f"With fewer than {FEWEST_ANSWERS:,} answers, or all alike, knowledge tracing alone predicts.")
    if not figures:
        run.warn("There are too few answers, or all are alike, for a figure of how well it predicts.")
    about = {"learners": len(every), "answers": sum(len(one.right) for one in every), "data_sha256": source}
    from learning.knowledge.storing import save

    with replacing(out) as fresh:
        save(model, fresh, about=about | figures)
    run.note(**about, learners_are=results.told.by, skills=len(model.skills), model=model.name, **figures)


def fitter(usual: float) -> Work:
    """Fits skills, one a row."""

    def work(rows: list[Row]) -> list[Row]:
        return [
            {"skill": row["skill"], **asdict(skill_of(row["answers"], fit_bkt(row["answers"]), usual))} for row in rows
        ]

    return work


def _fitted(run: Run, learners: Sequence[Learner], name: str, stage: str) -> KnowledgeModel:
    rate = usual_rate(learners)
    sequences = by_skill(learners)
    rows = [{"skill": skill, "answers": answers} for skill, answers in sequences.items()]
    skills = {row["skill"]: _skill(row) for row in run.each(rows, partial(fitter, rate), stage=stage, batch_size=8)}
    with run.step("Fitting what is usual, and the predictor"):
        every = [answers for own in sequences.values() for answers in own]
        usual = skill_of(every, fit_bkt(every), rate)
        try:
            predictor = fit_predictor(*examples(learners, skills))
        except TooFewResults:
            predictor = None
    return KnowledgeModel(name=name, skills=skills, predictor=predictor, usual=usual)


def _skill(row: Row) -> Skill:
    fields = {name: value for name, value in row.items() if name not in ("skill", "bkt")}
    return Skill(**fields, bkt=Parameters(**row["bkt"]))


def _figures(model: KnowledgeModel, learners: Sequence[Learner]) -> dict[str, float]:
    """AUC over all answers of these learners, and over those who have few enough not to outweigh the others."""
    skills = {name: model.skill(name) for learner in learners for name in learner.skills}
    features, results = examples(learners, skills, longest=None)
    lengths = [len(learner.right) for learner in learners]
    return auc(results.tolist(), model.chances(features), np.repeat(lengths, lengths).tolist(), "auc_held_out")


if __name__ == "__main__":
    fit_knowledge()
