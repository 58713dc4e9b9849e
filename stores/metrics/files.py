"""Reading the files in which processes keep their figures, whatever a crash left of them.

The format is prometheus_client's (`mmap_dict.py`): an int32 that tells how many bytes are used, four bytes of padding,
then entries of an int32 length, a key of that length padded to eight bytes, a value and a time, both float64. Its own
reader trusts what it reads; one broken file would make it fail, or never end.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

_INT = struct.Struct("i").unpack_from
_HEADER_BYTES = 8
_VALUE_BYTES = 16
# What the reader raises for contents that make no sense.
_NONSENSE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, struct.error, OSError)


def pid_of(path: Path) -> int | None:
    """The process that writes a file, None for a file that has none."""
    pid = path.stem.rpartition("_")[2]
    return int(pid) if pid.isdigit() else None


def merged(paths: Sequence[Path], *, accumulate: bool = True) -> tuple[list[Metric], list[Path]]:
    """The metrics of all files together, and the files that could not be read.

    With `accumulate` the buckets of histograms are cumulative, as Prometheus wants them; without, as files have them.
    """
    good = [path for path in paths if is_sound(path)]
    try:
        found = MultiProcessCollector.merge([str(path) for path in good], accumulate)
    except _NONSENSE:
        good = [path for path in good if _makes_sense(path)]
        found = MultiProcessCollector.merge([str(path) for path in good], accumulate)
    return list(found), sorted(set(paths) - set(good))


def is_sound(path: Path) -> bool:
    """Whether the lengths in a file add up."""
    try:
        data = path.read_bytes()
        used: int = _INT(data, 0)[0]
        position = _HEADER_BYTES
        while position < used:
            length: int = _INT(data, position)[0]
            if length <= 0:
                return False
            position += 4 + length + (8 - (length + 4) % 8) + _VALUE_BYTES
    except (OSError, struct.error):
        return False
    return position == used <= len(data)


def _makes_sense(path: Path) -> bool:
    try:
        MultiProcessCollector.merge([str(path)])
    except _NONSENSE:
        return False
    return True


def write(path: Path, metrics: Iterable[Metric]) -> None:
    """Make a file of metrics that were merged without accumulating."""
    file = MmapedDict(str(path))
    try:
        for metric in metrics:
            for sample in metric.samples:
                names, values = list(sample.labels), list(sample.labels.values())
                key = mmap_key(metric.name, sample.name, names, values, metric.documentation)
                file.write_value(key, sample.value, 0.0)
    finally:
        file.close()


def process_names(path: Path, metric: str) -> list[str]:
    """The values of the only label of `metric` in a file that is sound."""
    prefix = json.dumps([metric])[:-1]
    entries = MmapedDict.read_all_values_from_file(str(path))
    return [next(iter(json.loads(key)[2].values())) for key, *_ in entries if key.startswith(prefix)]
