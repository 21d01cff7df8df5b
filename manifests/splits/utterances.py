"""Clips of a version that the utterances of published lists are, by file, speaker and class."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.outcome import counted, listed
from manifests.splits.emobox import Lists, Utterance, plain
from manifests.storage.records import ManifestEntry, Side, Source
from manifests.storage.shards import STAGES, read_stage
from manifests.versions.manifest import Manifest

__all__ = ["Placement", "place_by_lists"]


@dataclass(frozen=True)
class Placement:
    """Clips of each fold of published lists, with their sides, and what couldn't be placed.

    ``missing`` are the utterances without a clip, ``ambiguous`` those that several clips may be,
    ``unlisted`` the ids of clips that no list names.
    """

    folds: Mapping[int, Sequence[ManifestEntry]]
    missing: Sequence[Utterance]
    ambiguous: Sequence[Utterance]
    unlisted: Sequence[str]
    utterances: int

    def warnings(self, lists: Lists) -> list[str]:
        """Return a sentence for each kind of loss, with names, and for classes that are missing."""
        found = []
        if lost := [*self.missing, *self.ambiguous]:
            by_class = Counter(one.emotion or "no class" for one in lost)
            counts = ", ".join(f"{name} {count}" for name, count in by_class.most_common())
            unsure = len(self.ambiguous)
            why = f"; {unsure} of them fit several clips" if unsure else ""
            found.append(
                f"{len(lost)} of {counted(self.utterances, 'utterance')} in the lists of "
                f"{lists.name} ha{'s' if len(lost) == 1 else 've'} no clip here ({counts}){why}: "
                f"{listed(one.path for one in lost)}"
            )
        if self.unlisted:
            clips = counted(len(self.unlisted), "clip is", "clips are")
            found.append(
                f"{clips} in no list of {lists.name}, so left out: {listed(self.unlisted)}"
            )
        present = {entry.emotion for entries in self.folds.values() for entry in entries}
        if other := sorted(lists.classes - set(EMOTIONS)):
            found.append(
                f"the lists of {lists.name} have {len(lists.classes)} classes, and this corpus "
                f"{len(present)} (not {listed(other, most=6)}): its figures aren't comparable with "
                f"published ones for all classes"
            )
        return found


def place_by_lists(manifest: Manifest, lists: Lists) -> Placement:
    """Return the folds of a version's clips, also of held ones, as published lists divide them.

    An utterance is the clips of the file with its name; where several files or utterances share a
    name, the folders above, the speaker, the class and the length decide.

    Raises:
        DataError: if no utterance has a clip, a fold's test or training clips are all missing, or a
            clip is on two sides of a fold.
    """
    files = _files(manifest)
    sides = [own for fold in lists.folds.values() for own in fold.values()]
    everything = list(dict.fromkeys(one for own in sides for one in own))
    matched, ambiguous = _match(everything, files)
    if not matched:
        raise DataError(
            f"{manifest.folder}: none of the {len(everything)} utterances in {lists.folder} is a "
            f"clip of this version, by name; the lists name files such as {everything[0].path}, "
            f"and this version has {listed(sorted(file.path for file in files))}"
        )
    folds = {}
    for number, own_sides in lists.folds.items():
        side_of: dict[str, Side] = {}
        for side, utterances in own_sides.items():
            for entry in (entry for one in utterances for entry in matched.get(one, ())):
                if side_of.setdefault(entry.clip_id, side) != side:
                    raise DataError(
                        f"{lists.folder}: {entry.clip_id} is a {side_of[entry.clip_id]} and a "
                        f"{side} clip of fold {number}; copy the lists again"
                    )
        if lost := {"train", "test"} - set(side_of.values()):
            raise DataError(
                f"{lists.folder}: none of the {' and '.join(sorted(lost))} utterances of fold "
                f"{number} is a clip of {manifest.header.version}; import the whole corpus"
            )
        folds[number] = [
            entry.changed(split=side_of[entry.clip_id], fold=None)
            for entry in manifest.entries
            if entry.clip_id in side_of
        ]
    placed = {entry.clip_id for entries in folds.values() for entry in entries}
    return Placement(
        folds,
        [one for one in everything if one not in matched and one not in ambiguous],
        [one for one in everything if one in ambiguous],
        [entry.clip_id for entry in manifest.entries if entry.clip_id not in placed],
        len(everything),
    )


@dataclass(frozen=True)
class _File:
    """File that clips were cut from, as far as the corpus knows it."""

    path: str
    seconds: float | None
    entries: list[ManifestEntry] = field(default_factory=list)

    @property
    def speakers(self) -> set[str]:
        return {plain(entry.speaker) for entry in self.entries if entry.speaker}

    def during(self, one: Utterance) -> list[ManifestEntry]:
        """Return the clips of an utterance: those mostly within its time, if it gives one."""
        if one.start is None or one.end is None:
            return self.entries
        return [
            entry
            for entry in self.entries
            if 2 * (min(entry.end, one.end) - max(entry.start, one.start)) > entry.duration
        ]


def _files(manifest: Manifest) -> list[_File]:
    stage = STAGES["sources"]
    known = {source.source_id: source for source in read_stage(manifest.corpus, stage, Source)}
    files: dict[str, _File] = {}
    for entry in manifest.entries:
        if entry.source_id not in files:
            source = known.get(entry.source_id)
            path = source.media_path if source else f"{_HASH.sub('', entry.source_id)}.wav"
            seconds = source.duration if source else None
            files[entry.source_id] = _File(path, seconds)
        files[entry.source_id].entries.append(entry)
    return list(files.values())


def _match(
    utterances: Sequence[Utterance], files: Sequence[_File]
) -> tuple[dict[Utterance, list[ManifestEntry]], set[Utterance]]:
    """Return the clips of each utterance that has some, and those that several files may be."""
    by_name: defaultdict[str, list[_File]] = defaultdict(list)
    for file in files:
        by_name[plain(_stem(file.path))].append(file)
    repeated = Counter(plain(_stem(path)) for path in {one.path for one in utterances})
    words = {word for one in utterances for word in _words(one)}
    chosen: dict[Utterance, _File] = {}
    ambiguous: set[Utterance] = set()
    for one in utterances:
        name = plain(_stem(one.path))
        found = by_name.get(name) or by_name.get(plain(one.key)) or by_name.get(_tail(one.key), [])
        if len(found) > 1 or (found and repeated[name] > 1 and found is by_name.get(name)):
            likely = [(_evidence(one, file, words), file) for file in found]
            fitting = [(score, file) for score, file in likely if score is not None]
            best = max((score for score, _ in fitting), default=())
            found = [file for score, file in fitting if score == best]
        if len(found) > 1:
            ambiguous.add(one)
        elif found:
            chosen[one] = found[0]
    claims: defaultdict[int, list[Utterance]] = defaultdict(list)
    for one, file in chosen.items():
        claims[id(file)].append(one)
    shared = {
        one
        for own in claims.values()
        if len({(other.path, other.start) for other in own}) > 1
        for one in own
        if one.start is None
    }
    matched = {one: file.during(one) for one, file in chosen.items() if one not in shared}
    return {one: clips for one, clips in matched.items() if clips}, ambiguous | shared


def _evidence(
    one: Utterance, file: _File, words: Iterable[str]
) -> tuple[int, bool, bool, bool] | None:
    """Return what speaks for a file of the same name, None if something speaks against it.

    The folders above that agree, then speaker, length and class.
    """
    folders = 0
    for own, other in zip(_folders(one.path), _folders(file.path), strict=False):
        if own != other:
            break
        folders += 1
    named = file.speakers & set(words)
    speaker = bool(file.speakers & _words(one))
    lengths = one.seconds is not None and file.seconds is not None
    apart = abs((one.seconds or 0.0) - (file.seconds or 0.0)) if lengths else 0.0
    same_length = lengths and apart <= _SAME_LENGTH
    classes = {entry.emotion for entry in file.entries}
    same_class = one.emotion in classes
    against = (
        (named and not speaker)
        or apart > _OTHER_LENGTH
        or (one.emotion in EMOTIONS and not same_class)
    )
    if against or not (folders or speaker or (same_length and same_class)):
        return None
    return folders, speaker, same_length, same_class


def _words(one: Utterance) -> set[str]:
    """Return the parts of an utterance's path and key that may name its speaker."""
    parts = [*PurePosixPath(one.path.replace("\\", "/")).parts, *re.split(r"[-_/\\.]", one.key)]
    return {plain(part) for part in parts}


def _folders(path: str) -> list[str]:
    """Return the folders above a file, the nearest first."""
    return [plain(part) for part in reversed(PurePosixPath(path.replace("\\", "/")).parts[:-1])]


def _stem(path: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", PurePosixPath(path.replace("\\", "/")).name)


def _tail(key: str) -> str:
    """Return a key without the name of the dataset before its first hyphen."""
    return plain(key.partition("-")[2])


_HASH = re.compile(r"-[0-9a-f]{12}(?:-t\d+)?(?:-left|-right)?$")
_SAME_LENGTH = 0.02  # seconds
_OTHER_LENGTH = 0.2
