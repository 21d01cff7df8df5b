"""Plan of a withdrawal: clips, sources and judgements to delete."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.batches.batches import read_plans
from annotation.judgements.annotators import Annotators
from annotation.judgements.store import read_judgements
from corpus_tools.segmentation.ledger.commit import source_of
from manifests.base.letters import composed
from manifests.base.voices import person_key
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Clip, Judgement, Source
from manifests.storage.shards import STAGES, read_header, read_stage, shard_paths
from manifests.storage.speakers import read_speakers
from manifests.storage.store import created_now, read_jsonl
from manifests.storage.tombstones import (
    Kind,
    Tombstone,
    Withdrawn,
    WithdrawnSource,
    unknown_id_error,
)
from manifests.versions.manifest import ENTRIES, versions

__all__ = ["WithdrawalPlan", "plan_withdrawal"]


@dataclass(frozen=True)
class WithdrawalPlan:
    """Tombstone of a withdrawal, and what it can't delete.

    Attributes:
        tombstone: tombstone without counts by place yet.
        earlier: tombstone of an earlier withdrawal of the same id.
        unknown: number of clips without a known speaker in sources with the withdrawn speaker.
        media: media files in the corpus folder of sources with any withdrawn data, each with
            whether it was withdrawn as a whole.
        spellings: other spellings of the speaker's id in the corpus.
    """

    tombstone: Tombstone
    earlier: Tombstone | None
    unknown: int
    media: dict[str, bool]
    spellings: list[str]


def plan_withdrawal(
    corpus: Path, kind: Kind, name: str, reason: str | None = None
) -> WithdrawalPlan:
    """Return the plan to withdraw a speaker, a source or an annotator.

    A speaker's clips are those with that speaker in the shards, in a version or, where the shards
    name no speaker, in a judgement, and repeats of these without a speaker. A source with all its
    clips withdrawn is withdrawn as a whole. Earlier withdrawals of the same id stay in the
    tombstone.

    Raises:
        ConfigurationError: naming the nearest ids, if the id is unknown.
        DataError: if a file that may name clips can't be read.
    """
    shards = {clip.clip_id: clip for clip in read_stage(corpus, STAGES["segments"], Clip)}
    sources = {source.source_id: source for source in read_stage(corpus, STAGES["sources"], Source)}
    answers = list(read_judgements(corpus))
    withdrawn = Withdrawn.of(corpus)
    complete = withdrawn.unfinished() is None
    named = frozen_clips(corpus, whole=complete).keys() | shards.keys()
    entries = {folder.name: list(read_jsonl(folder / ENTRIES)) for folder in versions(corpus)}
    records = _CorpusRecords(corpus, shards, sources, answers, named, entries)
    name = _spelt_as(name, records.known(kind))
    stones = withdrawn.tombstones
    earlier = next((stone for stone in stones if (stone.kind, stone.id) == (kind, name)), None)
    if earlier is None and name not in (known := records.known(kind)):
        raise unknown_id_error(kind, name, known)
    before = earlier or Tombstone(kind=kind, id=name, created=created_now())
    clips = records.clips_of(kind, name)
    whole = records.whole(kind, name, clips)
    if kind != "annotator":
        clips |= {clip for clip in named if source_of(clip) in whole}
    stone = Tombstone(
        kind=kind,
        id=name,
        created=before.created,
        reason=reason or before.reason,
        clips=sorted(clips.union(before.clips)),
        sources=_withdrawn_sources(whole, _hashes(corpus, sources), before),
        milliseconds=_milliseconds(clips, whole, shards, before),
        versions=_version_counts(entries, clips, name if kind == "annotator" else None, before),
    )
    if kind == "annotator":
        own = {(row.server, row.annotation_id) for row in answers if row.annotator == name}
        stone = stone.changed(
            accounts=sorted({*before.accounts, *Annotators(corpus).accounts(name)}),
            answers=sorted(own.union(before.answers)),
        )
    partial = {source_of(clip) for clip in clips} - whole
    unknown = sum(
        clip.speaker is None and clip.source_id in partial and clip.clip_id not in clips
        for clip in shards.values()
    )
    media = {
        sources[source_id].media_path: source_id in whole
        for source_id in sorted(whole | partial)
        if source_id in sources and (corpus / sources[source_id].media_path).is_file()
    }
    people = records.known(kind) if kind == "speaker" else set()
    spellings = sorted(other for other in people - {name} if person_key(other) == person_key(name))
    return WithdrawalPlan(stone, earlier, unknown if kind == "speaker" else 0, media, spellings)


def _spelt_as(name: str, known: Iterable[str]) -> str:
    """Return an id as the corpus spells it, if it differs in its Unicode form only."""
    same = [one for one in known if composed(one) == composed(name)]
    return same[0] if len(same) == 1 else name


@dataclass(frozen=True)
class _CorpusRecords:
    """All records that attribute clips to speakers, sources or annotators."""

    corpus: Path
    shards: dict[str, Clip]
    sources: dict[str, Source]
    answers: list[Judgement]
    named: set[str]
    entries: dict[str, list[dict[str, Any]]]

    def known(self, kind: Kind) -> set[str]:
        """Return the known ids of a kind."""
        if kind == "source":
            read = {path.stem for path in shard_paths(self.corpus, STAGES["burned_in"])}
            return self.sources.keys() | read | {source_of(clip) for clip in self.named}
        if kind == "annotator":
            plans = read_plans(self.corpus).values()
            assigned = {name for plan in plans for name in plan.annotators}
            return (
                assigned
                | {row.annotator for row in self.answers}
                | set(Annotators(self.corpus).names())
            )
        speakers = {clip.speaker for clip in self.shards.values()}
        speakers |= {row.speaker for row in self.answers}
        speakers |= {row["speaker"] for rows in self.entries.values() for row in rows}
        return {name for name in speakers if name} | set(
            read_speakers(self.corpus / "speakers.csv")
        )

    def clips_of(self, kind: Kind, name: str) -> set[str]:
        """Return the clips to delete."""
        if kind == "annotator":
            return set()
        if kind == "source":
            return {clip for clip in self.named if source_of(clip) == name}
        clips = {clip.clip_id for clip in self.shards.values() if clip.speaker == name}
        clips |= {
            row["clip_id"]
            for rows in self.entries.values()
            for row in rows
            if row["speaker"] == name and self._may_belong_to(row["clip_id"], name)
        }
        clips |= {
            row.clip_id
            for row in self.answers
            if row.speaker == name and self._may_belong_to(row.clip_id, name)
        }
        return clips | self._repeats(clips)

    def _may_belong_to(self, clip_id: str, name: str) -> bool:
        """Return True if the shards attribute a clip to nobody else."""
        clip = self.shards.get(clip_id)
        return clip is None or clip.speaker in (None, name)

    def _repeats(self, clips: Iterable[str]) -> set[str]:
        """Return repeats of clips without a known speaker."""
        originals = {self._original(clip) for clip in clips}
        return {
            clip_id
            for clip_id, clip in self.shards.items()
            if clip.speaker is None and self._original(clip_id) in originals
        }

    def _original(self, clip_id: str) -> str:
        clip = self.shards.get(clip_id)
        return (clip.duplicate_of if clip else None) or clip_id

    def whole(self, kind: Kind, name: str, clips: set[str]) -> set[str]:
        """Return the sources to delete as a whole."""
        if kind == "source":
            return {name}
        clips_in: defaultdict[str, set[str]] = defaultdict(set)
        for clip in self.named:
            clips_in[source_of(clip)].add(clip)
        sources = {source for source, own in clips_in.items() if own <= clips}
        if kind == "speaker":
            sources |= {source for source in self.sources if self._reader(source) == name}
        return sources

    def _reader(self, source_id: str) -> str | None:
        path = STAGES["segments"].path(self.corpus, source_id)
        inputs = read_header(path).inputs if path.is_file() else {}
        return inputs.get("speaker")


def _withdrawn_sources(
    whole: Iterable[str], hashes: Mapping[str, str], before: Tombstone
) -> list[WithdrawnSource]:
    withdrawn = {source.source_id: source for source in before.sources}
    for name in whole:
        withdrawn.setdefault(name, WithdrawnSource(source_id=name, sha256=hashes.get(name)))
    return [withdrawn[name] for name in sorted(withdrawn)]


def _hashes(corpus: Path, sources: Mapping[str, Source]) -> dict[str, str]:
    """Return the sha256 of each source's file, also of films that were read but never cut."""
    headers = {path.stem: read_header(path) for path in shard_paths(corpus, STAGES["burned_in"])}
    read = {name: header.inputs.get("media") for name, header in headers.items()}
    found = {name: media for name, media in read.items() if isinstance(media, str)}
    return found | {name: source.sha256 for name, source in sources.items()}


def _milliseconds(
    clips: Iterable[str], whole: set[str], shards: dict[str, Clip], before: Tombstone
) -> dict[str, int]:
    lost = Counter(before.milliseconds)
    for clip in (shards[name] for name in clips if name in shards):
        lost[clip.source_id] += 0 if clip.superseded_by else round((clip.end - clip.start) * 1000)
    return {name: ms for name, ms in sorted(lost.items()) if name not in whole}


def _version_counts(
    entries: dict[str, list[dict[str, Any]]],
    clips: set[str],
    annotator: str | None,
    before: Tombstone,
) -> dict[str, dict[str, int]]:
    counts = dict(before.versions)
    for version, rows in entries.items():
        removed = sum(row["clip_id"] in clips for row in rows)
        votes = sum(vote[0] == annotator for row in rows for vote in row["votes"])
        known = counts.get(version, {"clips": 0, "votes": 0})
        if removed or votes:
            counts[version] = {"clips": known["clips"] + removed, "votes": known["votes"] + votes}
    return counts
