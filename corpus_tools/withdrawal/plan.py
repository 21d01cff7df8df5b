"""What a withdrawal takes: clips, sources and answers, before anything is deleted."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.annotators import Annotators
from annotation.batches import read_plans
from annotation.judgements import read_judgements
from corpus_tools.recordings.cast import read_speakers
from corpus_tools.segmentation.publish import source_of
from manifests.frozen import frozen_clips
from manifests.records import Clip, Judgement, Source
from manifests.shards import STAGES, read_header, read_stage
from manifests.store import created_now, read_jsonl
from manifests.tombstones import Kind, Tombstone, Withdrawn, WithdrawnSource, unknown_id_error
from manifests.versions import ENTRIES, versions

__all__ = ["Plan", "plan_withdrawal"]


@dataclass(frozen=True)
class Plan:
    """What is to go.

    Attributes:
        tombstone: says it, without counts by place yet.
        unknown: clips whose speaker nobody knows, in sources where the speaker was heard.
        media: files of the sources that go, where they lie in the corpus folder.
    """

    tombstone: Tombstone
    unknown: int
    media: list[str]


def plan_withdrawal(corpus: Path, kind: Kind, name: str, reason: str | None = None) -> Plan:
    """Return what goes if a speaker, a source or an annotator is withdrawn.

    A speaker's clips are those that the shards, a version or, where the shards don't know, an
    annotator gives them, and clips of nobody else that repeat one of these. A source goes whole if
    all its clips do. What went earlier with the same id stays named.

    Args:
        corpus: the corpus folder.
        kind: what is withdrawn.
        name: its id.
        reason: why, for the tombstone.

    Raises:
        ConfigurationError: naming the nearest, if there is no such id.
        DataError: if a file that may name clips can't be read.
    """
    shards = {clip.clip_id: clip for clip in read_stage(corpus, STAGES["segments"], Clip)}
    sources = {one.source_id: one for one in read_stage(corpus, STAGES["sources"], Source)}
    answers = list(read_judgements(corpus))
    named = frozen_clips(corpus).keys() | shards.keys()
    entries = {folder.name: list(read_jsonl(folder / ENTRIES)) for folder in versions(corpus)}
    earlier = next(
        (one for one in Withdrawn.of(corpus).tombstones if (one.kind, one.id) == (kind, name)),
        None,
    )
    material = _Material(corpus, shards, sources, answers, named, entries)
    if earlier is None and name not in (known := material.known(kind)):
        raise unknown_id_error(kind, name, known)
    clips = material.clips_of(kind, name)
    whole = material.whole(kind, name, clips)
    if kind != "annotator":
        clips |= {clip for clip in named if source_of(clip) in whole}
    stone = Tombstone(
        kind=kind,
        id=name,
        created=earlier.created if earlier else created_now(),
        reason=reason or (earlier.reason if earlier else None),
        clips=sorted(clips.union(earlier.clips if earlier else ())),
        sources=_gone(whole, sources, earlier),
        milliseconds=_milliseconds(clips, whole, shards, earlier),
        accounts=_accounts(corpus, name, earlier) if kind == "annotator" else [],
        answers=_answers(answers, name, earlier) if kind == "annotator" else [],
        versions=_versions(entries, clips, name if kind == "annotator" else None, earlier),
    )
    heard = {source_of(clip) for clip in clips} - whole
    unknown = sum(
        clip.speaker is None and clip.source_id in heard and clip.clip_id not in clips
        for clip in shards.values()
    )
    media = [
        sources[one].media_path
        for one in sorted(whole)
        if one in sources and (corpus / sources[one].media_path).is_file()
    ]
    return Plan(stone, unknown if kind == "speaker" else 0, media)


@dataclass(frozen=True)
class _Material:
    """All that may tell whose a clip is."""

    corpus: Path
    shards: dict[str, Clip]
    sources: dict[str, Source]
    answers: list[Judgement]
    named: set[str]
    entries: dict[str, list[dict[str, Any]]]

    def known(self, kind: Kind) -> set[str]:
        """Return the ids that there are."""
        if kind == "source":
            return set(self.sources) | {source_of(clip) for clip in self.named}
        if kind == "annotator":
            plans = read_plans(self.corpus).values()
            asked = {name for plan in plans for name in plan.annotators}
            return (
                asked
                | {row.annotator for row in self.answers}
                | set(Annotators(self.corpus).names())
            )
        told = {clip.speaker for clip in self.shards.values()}
        told |= {row.speaker for row in self.answers}
        told |= {row["speaker"] for rows in self.entries.values() for row in rows}
        return {name for name in told if name} | set(read_speakers(self.corpus / "speakers.csv"))

    def clips_of(self, kind: Kind, name: str) -> set[str]:
        """Return the clips that go."""
        if kind == "annotator":
            return set()
        if kind == "source":
            return {clip for clip in self.named if source_of(clip) == name}
        clips = {clip.clip_id for clip in self.shards.values() if clip.speaker == name}
        clips |= {
            row["clip_id"]
            for rows in self.entries.values()
            for row in rows
            if row["speaker"] == name and self._is_open(row["clip_id"], name)
        }
        clips |= {
            row.clip_id
            for row in self.answers
            if row.speaker == name and self._is_open(row.clip_id, name)
        }
        return clips | self._repeats(clips)

    def _is_open(self, clip_id: str, name: str) -> bool:
        """Return whether the shards don't give a clip to anybody else."""
        clip = self.shards.get(clip_id)
        return clip is None or clip.speaker in (None, name)

    def _repeats(self, clips: Iterable[str]) -> set[str]:
        """Return the clips of nobody known that sound like some of these."""
        sounds = {self._sound(clip) for clip in clips}
        return {
            one
            for one, clip in self.shards.items()
            if clip.speaker is None and self._sound(one) in sounds
        }

    def _sound(self, clip_id: str) -> str:
        clip = self.shards.get(clip_id)
        return (clip.duplicate_of if clip else None) or clip_id

    def whole(self, kind: Kind, name: str, clips: set[str]) -> set[str]:
        """Return the sources that go whole."""
        if kind == "source":
            return {name}
        there: defaultdict[str, set[str]] = defaultdict(set)
        for clip in self.named:
            there[source_of(clip)].add(clip)
        found = {source for source, own in there.items() if own <= clips}
        if kind == "speaker":
            found |= {one for one in self.sources if self._reader(one) == name}
        return found

    def _reader(self, source_id: str) -> str | None:
        path = STAGES["segments"].path(self.corpus, source_id)
        inputs = read_header(path).inputs if path.is_file() else {}
        return inputs.get("speaker")


def _gone(
    whole: Iterable[str], sources: dict[str, Source], earlier: Tombstone | None
) -> list[WithdrawnSource]:
    found = {one.source_id: one for one in (earlier.sources if earlier else ())}
    for name in whole:
        known = sources.get(name)
        found.setdefault(
            name, WithdrawnSource(source_id=name, sha256=known.sha256 if known else None)
        )
    return [found[name] for name in sorted(found)]


def _milliseconds(
    clips: Iterable[str], whole: set[str], shards: dict[str, Clip], earlier: Tombstone | None
) -> dict[str, int]:
    spent = Counter(earlier.milliseconds if earlier else {})
    for clip in (shards[name] for name in clips if name in shards):
        if clip.source_id not in whole:
            spent[clip.source_id] += (
                0 if clip.superseded_by else round((clip.end - clip.start) * 1000)
            )
    return {name: ms for name, ms in sorted(spent.items()) if name not in whole}


def _accounts(corpus: Path, name: str, earlier: Tombstone | None) -> list[tuple[str, int]]:
    found = set(earlier.accounts if earlier else ())
    return sorted(found.union(Annotators(corpus).accounts(name)))


def _answers(
    answers: Iterable[Judgement], name: str, earlier: Tombstone | None
) -> list[tuple[str, int]]:
    found = {(row.server, row.annotation_id) for row in answers if row.annotator == name}
    return sorted(found.union(earlier.answers if earlier else ()))


def _versions(
    entries: dict[str, list[dict[str, Any]]],
    clips: set[str],
    annotator: str | None,
    earlier: Tombstone | None,
) -> dict[str, dict[str, int]]:
    found = dict(earlier.versions if earlier else {})
    for version, rows in entries.items():
        gone = sum(row["clip_id"] in clips for row in rows)
        votes = sum(vote[0] == annotator for row in rows for vote in row["votes"])
        before = found.get(version, {"clips": 0, "votes": 0})
        if gone or votes:
            found[version] = {"clips": before["clips"] + gone, "votes": before["votes"] + votes}
    return found
