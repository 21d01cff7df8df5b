"""Differences between two versions of a manifest, clip by clip, as records and as Markdown."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from manifests.base.errors import DataError
from manifests.base.markdown import escape, table
from manifests.storage.records import ManifestEntry
from manifests.versions.manifest import ENTRIES, check_content

__all__ = ["CHANGES", "Change", "ManifestDiff", "diff_as_markdown", "diff_manifests"]

CHANGES = ("added", "removed", "relabelled", "retranscribed", "moved", "revoted", "recut", "other")
"""Kinds of change of a clip; a clip may have several but for the first two."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change of a clip between two versions.

    ``kinds`` are some of `CHANGES`; ``fields`` gives older and newer value of changed fields, or of
    the main fields for a clip in one version only, with None for the other, JSON-ready.
    """

    clip_id: str
    kinds: tuple[str, ...]
    fields: dict[str, tuple[Any, Any]]

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        fields = {name: list(values) for name, values in self.fields.items()}
        return {"clip_id": self.clip_id, "kinds": list(self.kinds), "fields": fields}


@dataclass
class ManifestDiff:
    """Differences between two versions.

    Attributes:
        before: name of the older version.
        after: name of the newer version.
        counts: clips per split and class in each of the two.
        changes: changed clips, in the order of their ids.
        same: number of unchanged clips.
        moves: number of clips by old and new split, for clips in both.
        relabels: number of clips by old and new class, for clips in both.
    """

    before: str
    after: str
    counts: tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    relabels: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def kinds(self) -> dict[str, int]:
        """Number of clips with each kind of change, in the order of `CHANGES`."""
        tally = Counter(chain.from_iterable(change.kinds for change in self.changes))
        return {kind: tally[kind] for kind in CHANGES}

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {
            "before": self.before,
            "after": self.after,
            "same": self.same,
            "kinds": self.kinds,
            "counts": {"before": self.counts[0], "after": self.counts[1]},
            "moves": [[*sides, n] for sides, n in sorted(self.moves.items())],
            "relabels": [[*classes, n] for classes, n in sorted(self.relabels.items())],
            "changes": [change.row() for change in self.changes],
        }


def diff_manifests(before: Path, after: Path) -> ManifestDiff:
    """Compare two versions, which may be of different corpora.

    Both are read in parallel, so that only changed clips are held in memory. DataError if one can't
    be read or was changed, or its entries aren't in the order of their ids.
    """
    headers = [check_content(folder)[0] for folder in (before, after)]
    old_counts, new_counts = (
        {
            str(split): {str(name): n for name, n in classes.items()}
            for split, classes in header.counts.items()
        }
        for header in headers
    )
    diff = ManifestDiff(headers[0].version, headers[1].version, (old_counts, new_counts))
    for old, new in _pairs(before / ENTRIES, after / ENTRIES):
        if old is not None and new is not None and old.text == new.text:
            diff.same += 1
        else:
            _add(diff, old.entry() if old else None, new.entry() if new else None)
    return diff


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a manifest.jsonl, not yet validated."""

    clip_id: str
    text: str
    path: Path
    number: int

    def entry(self) -> ManifestEntry:
        entry: ManifestEntry = ManifestEntry.parse(
            json.loads(self.text), f"{self.path}, line {self.number}"
        )
        return entry


def _pairs(before: Path, after: Path) -> Iterator[tuple[_Line | None, _Line | None]]:
    """Yield the lines of each clip in both versions, None where a version lacks it."""
    olds, news = _lines(before), _lines(after)
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        first = new is None or (old is not None and old.clip_id <= new.clip_id)
        second = old is None or (new is not None and new.clip_id <= old.clip_id)
        yield old if first else None, new if second else None
        old = next(olds, None) if first else old
        new = next(news, None) if second else new


def _lines(path: Path) -> Iterator[_Line]:
    last = ""
    try:
        with path.open(encoding="utf-8", newline="\n") as stream:
            for number, text in enumerate(stream, start=1):
                line = _Line(_clip_id(text, path, number), text, path, number)
                if line.clip_id <= last:
                    raise DataError(
                        f"{path}, line {number}: clips are not in the order of their ids; "
                        f"{_RESTORE}"
                    )
                last = line.clip_id
                yield line
    except FileNotFoundError as error:
        raise DataError(f"{path}: missing; {_RESTORE}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text; {_RESTORE}") from error


def _clip_id(text: str, path: Path, number: int) -> str:
    try:
        clip_id = json.loads(text)["clip_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        clip_id = None
    if not isinstance(clip_id, str):
        raise DataError(f"{path}, line {number}: no entry of a manifest; {_RESTORE}")
    return clip_id


def _add(diff: ManifestDiff, old: ManifestEntry | None, new: ManifestEntry | None) -> None:
    before, after = (entry.row() if entry else {} for entry in (old, new))
    if old is None or new is None:
        kinds: tuple[str, ...] = ("added",) if old is None else ("removed",)
        fields = {name: (before.get(name), after.get(name)) for name in _SUMMARY_FIELDS}
    else:
        # `fold` is written only where there are folds
        names = [name for name in before | after if before.get(name) != after.get(name)]
        kinds = _kinds(names)
        fields = {name: (before.get(name), after.get(name)) for name in names}
        if "split" in fields:
            diff.moves[old.split, new.split] += 1
        if "emotion" in fields:
            diff.relabels[old.emotion, new.emotion] += 1
    diff.changes.append(Change((before or after)["clip_id"], kinds, fields))


def _kinds(names: Collection[str]) -> tuple[str, ...]:
    """Return the kinds of change for changed fields."""
    kinds = [kind for kind, own in _FIELDS.items() if own.intersection(names)]
    rest = set(names).difference(*_FIELDS.values())
    return (*kinds, *(["other"] if rest else []))


_FIELDS = {
    "relabelled": {"emotion"},
    "retranscribed": {"text", "text_source", "text_confidence"},
    "moved": {"split"},
    "revoted": {"votes", "soft", "agreement", "adjudicated"},
    "recut": {"sha256", "file_sha256", "start", "end", "duration"},
}
_SUMMARY_FIELDS = ("split", "emotion", "speaker", "source_id", "text", "duration")
_RESTORE = "restore the version from a copy"


def diff_as_markdown(diff: ManifestDiff, most: int = 20) -> str:
    """Return kinds of change, clips per class and the ``most`` first clips, as Markdown."""
    kinds = [[kind, n] for kind, n in diff.kinds.items() if n]
    parts = [
        f"## {escape(diff.before)} to {escape(diff.after)}",
        table(["change", "clips"], [*kinds, ["the same", diff.same]]),
        _counts_table(diff),
    ]
    for title, pairs in (("Moved", diff.moves), ("Relabelled", diff.relabels)):
        if pairs:
            rows = [[f"{before} → {after}", n] for (before, after), n in sorted(pairs.items())]
            parts += [f"### {title}", table(["from → to", "clips"], rows)]
    if diff.changes and most:
        shown = diff.changes[:most]
        parts += [f"### Clips ({len(shown)} of {len(diff.changes)})"]
        parts.append("\n".join(_change_line(change) for change in shown))
    return "\n\n".join(parts) + "\n"


def _counts_table(diff: ManifestDiff) -> str:
    splits = list(diff.counts[1])
    rows = []
    for name in diff.counts[1]["train"]:
        pairs = [[count.get(split, {}).get(name, 0) for count in diff.counts] for split in splits]
        rows.append([name, *(str(x) if x == y else f"{x} → {y}" for x, y in pairs)])
    return table(["class", *splits], rows)


def _change_line(change: Change) -> str:
    fields = "; ".join(
        f"{name} {_shown(old)} → {_shown(new)}" for name, (old, new) in change.fields.items()
    )
    return f"- {escape(change.clip_id)}: {', '.join(change.kinds)} ({fields})"


def _shown(value: Any) -> str:
    return "–" if value is None else escape(str(value))
