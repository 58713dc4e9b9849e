"""Train the tagger of personal data, and write what learning/privacy/model holds.

    python -m benchmarks.personal_data.train --data ../shared/data/pii/train.jsonl.gz

On sentences made from templates with names and places of many languages, on ordinary sentences, and on the public
sentences of presidio-research, if their file is given. Takes some minutes; the same input gives the same file.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pycrfsuite

from benchmarks.personal_data import corpus, values
from benchmarks.personal_data.corpus import Marked
from learning.privacy import patterns
from learning.privacy.features import features
from learning.privacy.gazetteer import Gazetteer
from learning.privacy.segments import segments
from learning.privacy.tagger import FORMED, OUTSIDE
from learning.privacy.words import Word, folded, words

ROOT = Path(__file__).parent.parent.parent
MODEL = ROOT / "learning" / "privacy" / "model"
SEED = 20_261
ROUNDS = 40
GAPS = 0.45
"""The share of words that a text's training sees as if they were in no list."""


def labels(tokens: Sequence[Word], spans: Iterable[tuple[int, int, str]]) -> list[str]:
    """B-KIND for the first word of a span, I-KIND for the others, O for what is no personal data or has a pattern."""
    out = [OUTSIDE] * len(tokens)
    for start, end, kind in spans:
        if kind in FORMED:
            continue
        inside = [place for place, token in enumerate(tokens) if token.start < end and start < token.end]
        for count, place in enumerate(inside):
            out[place] = f"{'I' if count else 'B'}-{kind}"
    return out


def ordinary(root: Path) -> list[Marked]:
    """Paragraphs of the project's own documents: ordinary texts with few names."""
    found: list[Marked] = []
    for path in sorted((root / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        found += [Marked(part, ()) for part in re.split(r"\n\s*\n", text) if 40 < len(part) < 900 and "@" not in part]
    return found


def with_gaps(gazetteer: Gazetteer, chance: random.Random) -> Callable[[str], str]:
    """Lists in which some words of this text are missing."""
    share = chance.choice((0.1, GAPS, GAPS, 0.9))
    salt = chance.random()
    return lambda word: "" if random.Random(f"{salt}{folded(word)}").random() < share else gazetteer.entry(word)


def fit(texts: Sequence[Marked], gazetteer: Gazetteer, path: Path, *, verbose: bool = False) -> None:
    """Train on the texts, and write the model."""
    chance = random.Random(SEED)
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=verbose)
    trainer.set_params({
        "c1": 0.3, "c2": 0.02, "max_iterations": 80, "feature.minfreq": 3, "feature.possible_transitions": False,
    })  # fmt: skip
    for each in texts:
        for text, spans in _windows(each):
            tokens = words(text)
            if tokens:
                rows = features(tokens, patterns.matches(text), gazetteer, listed=with_gaps(gazetteer, chance))
                trainer.append(pycrfsuite.ItemSequence(rows), labels(tokens, spans))
    trainer.train(str(path))


def _windows(each: Marked) -> Iterable[tuple[str, list[tuple[int, int, str]]]]:
    """The text as the detector would cut it: a segment with the one before."""
    before = 0
    for start, end in segments(each.text):
        inside = [span for span in each.spans if span[1] > before and span[0] < end]
        yield each.text[before:end], [(max(a, before) - before, min(b, end) - before, kind) for a, b, kind in inside]
        before = start


def training_texts(public: Sequence[Marked], *, seed: int = SEED, rounds: int = ROUNDS) -> list[Marked]:
    made = list(corpus.made(seed, rounds))
    return [*made, *corpus.misleading(seed, 150 * rounds), *public, *public, *ordinary(ROOT)]


def write_gazetteer(path: Path) -> None:
    text = "\n".join(f"{word}\t{letters}" for word, letters in values.gazetteer().items())
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the public sentences (train.jsonl.gz)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    write_gazetteer(MODEL / "gazetteer.txt.gz")
    Gazetteer.load.cache_clear()
    public = corpus.public(options.data) if options.data else []
    texts = training_texts(public, rounds=options.rounds)
    print(f"{len(texts)} texts, {len(public)} of them public")
    fit(texts, Gazetteer.load(), MODEL / "tagger.crfsuite", verbose=True)


if __name__ == "__main__":
    main()
