"""Published folds of EmoBox, read from its lists: which utterance is tested in which fold.

Source: Ma et al., "EmoBox: Multilingual Multi-corpus Speech Emotion Recognition Toolkit and
Benchmark", Interspeech 2024; layout of https://github.com/emo-box/EmoBox.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from manifests.base.emotions import EMOTIONS
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import listed
from manifests.storage.records import Side
from manifests.storage.store import inside

__all__ = ["Lists", "Utterance", "plain", "read_emobox"]


@dataclass(frozen=True)
class Utterance:
    """Utterance of a published list: the path of its file there, its key, and its class.

    ``emotion`` is one of the six, or in lower case as the lists' label map names it; ``seconds`` is
    the length of the whole file, ``start`` and ``end`` the part of it, all None if not given.
    """

    path: str
    start: float | None = None
    end: float | None = None
    key: str = field(default="", compare=False)
    emotion: str = field(default="", compare=False)
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Lists:
    """Folds of a dataset: the utterances of each side by number of the fold, from 1.

    Where no validation utterances are listed, ``val`` is empty.
    """

    name: str
    folder: Path
    folds: Mapping[int, Mapping[Side, tuple[Utterance, ...]]]

    @property
    def validated(self) -> bool:
        """True if the lists name validation utterances."""
        return any(sides["val"] for sides in self.folds.values())

    @property
    def classes(self) -> set[str]:
        """Classes of the test utterances."""
        return {clip.emotion for sides in self.folds.values() for clip in sides["test"]}


def plain(name: str) -> str:
    """Return a name without case and punctuation, to compare spellings.

    >>> plain("Emo-DB"), plain("03-01_a.B")
    ('emodb', '0301ab')
    """
    return re.sub(r"[\W_]+", "", name).casefold()


def read_emobox(name: str, folder: Path) -> Lists:
    """Return the folds of a dataset from a folder with EmoBox's lists.

    ``folder`` is a copy of the repository, its folder ``data``, or that of the dataset. Lists are
    read as text only: no path in them is opened.

    Raises:
        ConfigurationError: if the folder has no lists of this dataset.
        DataError: if a fold lacks a list, or a list is damaged.
    """
    own = _dataset_folder(name, folder)
    found = {
        int(match[1]): path
        for path in sorted(own.iterdir())
        if (match := _FOLD.fullmatch(path.name)) and path.is_dir()
    }
    if not found:
        raise ConfigurationError(
            f"{own}: has no folders fold_1, fold_2 …; --protocol-path takes a copy of "
            f"{_REPOSITORY}, with the lists in its folder data"
        )
    labels = _label_map(own)
    return Lists(
        own.name,
        own,
        {number: _fold(own, path, number, labels) for number, path in sorted(found.items())},
    )


def _dataset_folder(name: str, folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder}: no such folder; --protocol-path takes a copy of {_REPOSITORY}, made with: "
            f"git clone https://{_REPOSITORY}"
        )
    datasets = folder / "data" if (folder / "data").is_dir() else folder
    if plain(datasets.name) == plain(name) and any(datasets.glob("fold*")):
        return datasets
    known = {path.name: path for path in sorted(datasets.iterdir()) if any(path.glob("fold*"))}
    for own, path in known.items():
        if plain(own) == plain(name):
            return path
    there = f"there are {listed(known, most=40)}" if known else "there are no lists"
    raise ConfigurationError(
        f"{folder}: has no lists of {name!r}; {there}; --protocol-path takes a copy of "
        f"{_REPOSITORY}"
    )


def _label_map(folder: Path) -> Mapping[str, str]:
    path = folder / "label_map.json"
    if not path.is_file():
        return {}
    labels = _json(_text(folder, path), str(path))
    if not isinstance(labels, dict):
        raise DataError(f"{path}: is no table of labels; {_ADVICE}")
    return {str(label): str(name) for label, name in labels.items()}


def _fold(
    own: Path, folder: Path, number: int, labels: Mapping[str, str]
) -> dict[Side, tuple[Utterance, ...]]:
    sides: dict[Side, tuple[Utterance, ...]] = {}
    for side in get_args(Side):
        path = _list_path(folder, side, number)
        if path is None and side != "val":
            raise DataError(f"{folder}: has no {side} list; {_ADVICE}")
        rows = () if path is None else _rows(_text(own, path), path)
        sides[side] = tuple(_utterance(row, where, labels) for where, row in rows)
    if not sides["train"] or not sides["test"]:
        raise DataError(f"{folder}: its train or test list is empty; {_ADVICE}")
    return sides


def _list_path(folder: Path, side: Side, number: int) -> Path | None:
    """Return a fold's list of a side: JSON Lines before JSON, and the documented name first."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    for suffix in (".jsonl", ".json"):
        for joint in ("_", ""):
            for word in _WORDS[side]:
                end = f"_{word}_fold{joint}{number}{suffix}"
                for path in files:
                    if path.name.endswith(end):
                        return path
    return None


def _text(folder: Path, path: Path) -> str:
    """Return the text of a list, which may not be a link to a file elsewhere."""
    return read_text(inside(folder, path.relative_to(folder).as_posix()))


def _rows(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    """Yield place and content of each utterance of JSON Lines, a list, or a table by key."""
    if path.suffix == ".json":
        document = _json(text, str(path))
        if isinstance(document, dict):
            document = [
                {"key": key, **row} if isinstance(row, dict) else row
                for key, row in document.items()
            ]
        if not isinstance(document, list):
            raise DataError(f"{path}: is no list of utterances; {_ADVICE}")
        for number, row in enumerate(document, start=1):
            yield f"{path}, utterance {number}", row
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield f"{path}, line {number}", _json(line, f"{path}, line {number}")


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: isn't JSON; {_ADVICE}") from error


def _utterance(row: Any, where: str, labels: Mapping[str, str]) -> Utterance:
    if not isinstance(row, dict) or not isinstance(row.get("wav", row.get("key")), str):
        raise DataError(f"{where}: names no file under 'wav'; {_ADVICE}")
    path = str(row.get("wav", row.get("key")))
    label = str(row.get("emo", ""))
    named = labels.get(label, label).casefold()
    return Utterance(
        path,
        _seconds(row.get("start_time")),
        _seconds(row.get("end_time")),
        key=str(row.get("key", path)),
        emotion=next((own for own in EMOTIONS if own[:3] == named[:3]), named),
        seconds=_seconds(row.get("length")),
    )


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < _LONGEST else None


_FOLD = re.compile(r"fold_?0*([1-9]\d{0,3})")
_WORDS: Mapping[Side, tuple[str, ...]] = {
    "train": ("train",),
    "val": ("valid", "val", "dev"),
    "test": ("test",),
}
_LONGEST = 1e7  # seconds
_REPOSITORY = "github.com/emo-box/EmoBox"
_ADVICE = f"copy the lists again from {_REPOSITORY}"
