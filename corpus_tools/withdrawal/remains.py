"""Search of a corpus folder for what a withdrawal leaves there, and what its owner has to do."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from corpus_tools.media.folders import MEDIA_EXTENSIONS
from corpus_tools.withdrawal.changes import Removal
from corpus_tools.withdrawal.traces import Trace, Traces, withdrawn_sounds, withdrawn_texts
from manifests.base.outcome import listed
from manifests.storage.records import Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import sha256_file
from manifests.storage.tombstones import TOMBSTONES
from manifests.versions.redaction import REDACTION

__all__ = ["find_remains", "steps_for"]

Remains = dict[str, Trace]
"""Paths relative to the corpus folder, in order, each with what was found there."""


def find_remains(removal: Removal, changed: Mapping[Path, bytes | None]) -> Remains:
    """Return the files in the corpus folder that hold traces of a withdrawal after its changes.

    ``changed`` are the new contents of changed files, None for deleted files and folders. Nothing
    but tombstones is passed over, whatever its type; the corpus's own records are searched for ids
    and names, other files for texts and sounds, too. Originals are found by their sha256.
    """
    own = Traces(removal, in_records=True)
    foreign = Traces(removal, withdrawn_texts(removal), withdrawn_sounds(removal))
    originals = _Originals(removal)
    found: Remains = {}
    new = (path for path, data in changed.items() if data is not None and not path.exists())
    for path in chain(_files(removal.corpus), new):
        place = path.relative_to(removal.corpus).as_posix()
        if path.name in (TOMBSTONES, REDACTION) or any(
            changed.get(one, b"") is None for one in (path, *path.parents)
        ):
            continue
        traces = own if _RECORDS.match(place) else foreign
        if path in changed:
            trace = traces.in_bytes(changed[path] or b"")
        elif path.is_dir():
            trace = "closed"
        else:
            trace = _trace(removal, path, traces, own, originals)
        if trace is not None:
            found[place] = trace
    return dict(sorted(found.items()))


def steps_for(remains: Remains) -> list[str]:
    """Return what to do about remains, a sentence for each folder and kind."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for place, trace in remains.items():
        parts = place.split("/")
        deep = parts[0] in _OWN and len(parts) > 2
        groups[_remedy(place, trace), "/".join(parts[: 1 + deep])].append(place)
    return [
        remedy.format(paths=listed(paths), one=paths[0], folder=folder)
        for (remedy, folder), paths in groups.items()
    ]


def _remedy(place: str, trace: Trace) -> str:
    if place.startswith("annotations/label-studio/"):
        return (
            "{paths}: Label Studio's own data still has what is withdrawn; delete those tasks and "
            "accounts in Label Studio, or delete the folder {folder}"
        )
    if _CHECKED.match(place):
        return (
            "{paths}: still mentions withdrawn data and has a checksum, so it can't be edited; "
            "delete {folder} and make it anew"
        )
    if place.startswith("runs/"):
        return "{paths}: still mentions withdrawn data; delete {folder} and train again"
    return _REMEDIES[trace]


class _Originals:
    """Media of the corpus's sources, and which of them hold withdrawn data."""

    def __init__(self, removal: Removal) -> None:
        sources = read_stage(removal.corpus, STAGES["sources"], Source)
        self._known: set[Path] = set()
        self._affected: dict[int, set[str]] = {}
        for source in sources:
            if source.source_id in removal.affected_sources and source.size is not None:
                self._affected.setdefault(source.size, set()).add(source.sha256)
            else:
                self._known.add(removal.corpus / source.media_path)

    def holds(self, path: Path) -> bool | None:
        """Return whether a file is an original with withdrawn data, None for no original."""
        try:
            hashes = self._affected.get(path.stat().st_size, set())
            if hashes and sha256_file(path) in hashes:
                return True
        except OSError:
            return None
        return False if path in self._known else None


def _trace(
    removal: Removal, path: Path, traces: Traces, ids: Traces, originals: _Originals
) -> Trace | None:
    """Return the first trace in a file's path or content; ``ids`` searches for those alone."""
    place = path.relative_to(removal.corpus).as_posix()
    suffix = path.suffix.lower()
    if ids.in_bytes(place.encode("utf-8", "replace")) or (
        place.partition("/")[0] not in _OWN
        and any(removal.mentions(form) for form in (place, place.replace("_", " ")))
    ):
        return "voice" if suffix in MEDIA_EXTENSIONS else "name"
    if suffix in MEDIA_EXTENSIONS:
        if place.startswith("clips/") and _CLIP.fullmatch(path.stem):
            return None  # another's
        original = originals.holds(path)
        if original is not None:
            return "voice" if original else None
        if suffix not in _LOSSLESS:
            return None
    elif suffix in _WEIGHTS and place.startswith(("runs/", "manifests/")):
        return None
    return traces.in_file(path)


def _files(corpus: Path) -> Iterator[Path]:
    """Yield the files of a corpus, and folders of version control, which can't be searched."""
    for here, folders, names in os.walk(corpus):
        folder = Path(here)
        folders[:] = sorted(name for name in folders if name != ".cache" or folder != corpus)
        for name in [*folders]:
            path = folder / name
            if path.is_symlink():
                folders.remove(name)
            elif name in _HISTORIES:
                folders.remove(name)
                yield path
        for name in sorted(names):
            path = folder / name
            if path.is_file() and not path.is_symlink():
                yield path


_REMEDIES: dict[Trace, str] = {
    "voice": "{paths}: holds the voice of what is withdrawn and was not deleted, as corpus-tools "
    "didn't write it; delete it, or cut out that part",
    "text": "{paths}: holds texts of what is withdrawn; corpus-tools didn't write it: edit or "
    "delete it yourself",
    "name": "{paths} still mentions withdrawn data; corpus-tools didn't write it or must not "
    "change it: edit or delete it yourself",
    "closed": "{paths}: can't be looked into and may hold withdrawn data; look yourself, and "
    "delete it if so",
}
_RECORDS = re.compile(
    r"(?:stages/[^/]+|annotations/judgements|annotations/tasks(?:/[^/]+)?)/[^/ ()]+\.jsonl?"
    r"|manifests/v\d+/manifest\.jsonl"
)
_OWN = {"annotations", "choices", "clips", "exports", "manifests", "review", "runs", "stages"}
"""Folders in which names of files are commands' own, so that a word in one is no person."""
_CHECKED = re.compile(r"(?:stages|choices|annotations/(?:tasks|judgements)|manifests)/[^ ()]+$")
_CLIP = re.compile(r".+-\d{8}-\d{8}")
_LOSSLESS = {
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".aif", ".aiff", ".aifc", ".caf"),
    *(".au", ".snd", ".voc"),
}
_WEIGHTS = {".safetensors", ".png"}
_HISTORIES = {".git", ".hg", ".svn", ".bzr", ".dvc"}
