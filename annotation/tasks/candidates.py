"""Clips that can be assigned to annotators, and their Label Studio tasks."""

import re
import stat
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from annotation.batches.batches import Row, tasked_clips
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome
from manifests.building.selection import best_transcripts
from manifests.storage.copies import copy_warnings
from manifests.storage.decisions import read_decisions, undecided_warnings
from manifests.storage.records import Clip, Source, text_doubts
from manifests.storage.sections import TextSettings
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import inside

__all__ = ["Candidates", "FindContext", "audio_address", "check_base_url", "task_rows"]

CLIPS = "clips/"


@dataclass(frozen=True)
class Candidates:
    """Clips of a corpus and their eligibility as tasks.

    The outcome receives counts, and clips without a file as failures. The tasks of ``batch``,
    the one to be made, don't count if it was exported before.
    """

    corpus: Path
    outcome: Outcome
    batch: str | None = None
    _folders: dict[str, Path] = field(default_factory=dict, repr=False)

    @cached_property
    def clips(self) -> Mapping[str, Clip]:
        """All clips by id."""
        return {clip.clip_id: clip for clip in read_stage(self.corpus, STAGES["segments"], Clip)}

    def unassigned(self, reserved: Container[str] = frozenset()) -> list[Clip]:
        """Return the accepted clips in no batch that aren't reserved; count the rest by reason.

        Reserved are gold clips, which are mixed in separately. Raises DataError if a shard or an
        earlier batch can't be read.
        """
        self.outcome.warnings += undecided_warnings(self.corpus) + copy_warnings(self.corpus)
        accepted = {row.clip_id: row.accepted for row in read_decisions(self.corpus)}
        named = tasked_clips(self.corpus, self.batch)
        found = []
        for clip in self.clips.values():
            self.outcome.items_in += 1
            reason = _reason(clip, accepted.get(clip.clip_id), clip.clip_id in named)
            if reason is None and clip.clip_id in reserved:
                reason = "gold"
            if reason:
                self.outcome.rejected[reason] += 1
            elif self.check_audio(clip):
                found.append(clip)
        return found

    def has_audio(self, clip: Clip) -> bool:
        """Return whether the clip's audio file exists."""
        return self._audio_problem(clip) is None

    def check_audio(self, clip: Clip) -> bool:
        """Return whether the clip's audio file exists; record a failure if not."""
        problem = self._audio_problem(clip)
        if problem is not None:
            self.outcome.fail(clip.clip_id, problem)
        return problem is None

    def _audio_problem(self, clip: Clip) -> str | None:
        try:
            found = clip.path.startswith(CLIPS) and self._is_file(clip.path)
        except DataError as error:
            return str(error)
        return None if found else f"its file {clip.path} is missing; run corpus segment again"

    def _is_file(self, path: str) -> bool:
        """Return whether the file exists; links, slow to follow, are resolved once per folder."""
        folder, _, name = path.rpartition("/")
        if _PLAIN_NAME.fullmatch(name) is None:
            return inside(self.corpus, path).is_file()
        try:
            mode = (self._folder(folder) / name).lstat().st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) or (stat.S_ISLNK(mode) and inside(self.corpus, path).is_file())

    def _folder(self, folder: str) -> Path:
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = inside(self.corpus, folder)
        return known


def _reason(clip: Clip, accepted: bool | None, named: bool) -> str | None:
    if named:
        return "in an earlier batch"
    if clip.superseded_by is not None:
        return "superseded"
    if accepted is None:
        return "not screened"
    if accepted:
        return None
    return "duplicate" if clip.duplicate_of is not None else "not accepted"


_PLAIN_NAME = re.compile(r"[^/\\\0]*[^/\\\0.]")
"""File name without path separators or a trailing dot."""


FindContext = Callable[[Sequence[Clip]], Mapping[str, str]]
"""Returns the paths, below ``clips/``, of existing excerpts with context, by clip id."""


def task_rows(
    corpus: Path,
    batch: str,
    clips: Iterable[Clip],
    known: Iterable[Clip],
    *,
    text: TextSettings | None = None,
    audio_base_url: str | None = None,
    context: Mapping[str, str] = MappingProxyType({}),
    votes: Mapping[str, str] = MappingProxyType({}),
    probabilities: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> dict[str, Row]:
    """Return the tasks of clips in Label Studio's import format, by clip id.

    Args:
        corpus: the corpus folder.
        batch: name of the batch.
        clips: the clips to label.
        known: all clips of the corpus, for the speakers of each series.
        text: section [text] of corpus.toml.
        audio_base_url: URL of the folder ``clips``; default: Label Studio's local files.
        context: paths of excerpts with context, by clip id.
        votes: summaries of earlier votes, by clip id.
        probabilities: class probabilities by clip id, shown as pre-annotations.

    Raises:
        DataError: if a shard can't be read.
    """
    texts = best_transcripts(corpus, (text or TextSettings()).order)
    speakers = _speakers_by_source(corpus, known)
    rows: dict[str, Row] = {}
    for clip in clips:
        transcript = texts.get(clip.clip_id)
        excerpt = context.get(clip.clip_id)
        asr_text = transcript.text if transcript else ""
        rows[clip.clip_id] = {
            "data": {
                "clip_id": clip.clip_id,
                "audio": audio_address(clip.path, audio_base_url),
                "asr_text": asr_text,
                "asr_flags": ", ".join(text_doubts(transcript.flags)).replace("_", " ")
                if transcript
                else "",
                "context": audio_address(excerpt, audio_base_url) if excerpt else "",
                "batch": batch,
                "votes": votes.get(clip.clip_id, ""),
                "cast": [{"value": name} for name in speakers.get(clip.source_id, [])],
            }
        }
        if clip.clip_id in probabilities:
            prediction = _prediction(probabilities[clip.clip_id], asr_text)
            rows[clip.clip_id]["predictions"] = [prediction]
    return rows


def audio_address(clip_path: str, audio_base_url: str | None = None) -> str:
    """Return the URL of a clip for annotators' browsers, by default of Label Studio's local files.

    Example:
        >>> audio_address("clips/剧 1/a.wav")
        '/data/local-files/?d=clips/%E5%89%A7%201/a.wav'
        >>> audio_address("clips/s/a.wav", "https://lab.example/audio/")
        'https://lab.example/audio/s/a.wav'
    """
    if audio_base_url is None:
        return f"/data/local-files/?d={quote(clip_path)}"
    return f"{audio_base_url.rstrip('/')}/{quote(clip_path.removeprefix(CLIPS))}"


def check_base_url(url: str | None) -> None:
    """Raise ConfigurationError if a base URL isn't a plain http or https URL."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(
            f"--audio-base-url {url!r}: give the plain http:// or https:// address under which "
            f"the folder clips is served"
        )


def _speakers_by_source(corpus: Path, clips: Iterable[Clip]) -> dict[str, list[str]]:
    """Return the known speakers of each source's series, or of the source itself, by source id."""
    sources = read_stage(corpus, STAGES["sources"], Source)
    series = {source.source_id: source.series or source.source_id for source in sources}
    speakers: dict[str, set[str]] = defaultdict(set)
    sources_with_clips = set()
    for clip in clips:
        name = series.get(clip.source_id, clip.source_id)
        sources_with_clips.add((clip.source_id, name))
        if clip.speaker is not None and clip.speaker_source != "cluster":
            speakers[name].add(clip.speaker)
    return {
        source_id: sorted(speakers[name])
        for source_id, name in sources_with_clips
        if name in speakers
    }


def _prediction(probabilities: Sequence[float], text: str) -> dict[str, Any]:
    best = max(range(len(EMOTIONS)), key=probabilities.__getitem__)
    result = [_item("emotion", "choices", {"choices": [EMOTIONS[best]]})]
    if text:
        result.append(_item("transcript", "textarea", {"text": [text]}))
    return {"model_version": _MODEL, "score": round(probabilities[best], 4), "result": result}


def _item(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "audio", "type": kind, "value": value}


_MODEL = "corpus-predict"
