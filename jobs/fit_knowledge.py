"""Fit knowledge tracing and the predictor of the next answer to learners' results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.outputs import replacing
from jobs.framework.rows import Work
from jobs.framework.tables import folder_hash
from jobs.reading.results import read_results
from learning.knowledge.bkt import Parameters
from learning.knowledge.fitting import Learner, by_skill, examples, fit_predictor, skill_of, usual_rate
from learning.knowledge.history import Skill
from learning.knowledge.model import KnowledgeModel

_HELD_OUT = 5  # every fifth learner, while figures are taken


@job(version=1)
def fit_knowledge(run: Run, data: DataFolder, out: OutFile) -> None:
    """Fit Bayesian knowledge tracing with forgetting per skill, then a predictor over whole histories.

    The figures in the summary are for every fifth learner, who was held out while they were taken.
    """
    rows = read_results(data, graded=True)
    learners = [Learner(row["skills"], row["right"]) for row in rows]
    source = folder_hash(data)
    some = [learner for place, learner in enumerate(learners) if place % _HELD_OUT]
    others = [learner for place, learner in enumerate(learners) if not place % _HELD_OUT]
    figures = _figures(_fitted(run, some, "check", "held out"), others)
    model = _fitted(run, learners, f"knowledge-{source[:12]}", "skills")
    about = {"learners": len(learners), "answers": sum(len(one.right) for one in learners), "data_sha256": source}
    from learning.knowledge.storing import save

    with replacing(out) as fresh:
        save(model, fresh, about=about | figures)
    run.note(**about, skills=len(model.skills), model=model.name, **figures)


def fitter(usual: float) -> Work:
    """Fits skills, one a row."""
    from learning.knowledge.bkt_fitting import fit_bkt

    def work(rows: list[Row]) -> list[Row]:
        return [
            {"skill": row["skill"], **asdict(skill_of(row["answers"], fit_bkt(row["answers"]), usual))} for row in rows
        ]

    return work


def _fitted(run: Run, learners: Sequence[Learner], name: str, stage: str) -> KnowledgeModel:
    usual = usual_rate(learners)
    rows = [{"skill": skill, "answers": answers} for skill, answers in by_skill(learners).items()]
    skills = {row["skill"]: _skill(row) for row in run.each(rows, partial(fitter, usual), stage=stage, batch_size=8)}
    with run.step("Fitting the predictor"):
        predictor = fit_predictor(*examples(learners, skills))
    return KnowledgeModel(name=name, skills=skills, predictor=predictor)


def _skill(row: Row) -> Skill:
    fields = {name: value for name, value in row.items() if name not in ("skill", "bkt")}
    return Skill(**fields, bkt=Parameters(**row["bkt"]))


def _figures(model: KnowledgeModel, learners: Sequence[Learner]) -> dict[str, Any]:
    from sklearn.metrics import roc_auc_score

    skills = {name: model.skill(name) for learner in learners for name in learner.skills}
    features, results = examples(learners, skills)
    if len(set(results.tolist())) < 2 or model.predictor is None:
        return {}
    return {"auc_held_out": round(float(roc_auc_score(results, model.predictor.chances(features))), 4)}


if __name__ == "__main__":
    fit_knowledge()
