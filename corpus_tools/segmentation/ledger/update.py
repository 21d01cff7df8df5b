"""Analysis of one source of the corpus, as far as needed, without changing its frozen clips."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from corpus_tools.configuration.segment import FLAGS
from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.ledger.commit import (
    SEGMENTS,
    SourceResult,
    commit,
    is_cut,
    is_whole,
    source_of,
    sweep_source,
    write_result,
    write_source,
)
from corpus_tools.segmentation.ledger.decisions import (
    SourceDecisions,
    clips_of,
    decide,
    ledger_fits,
)
from corpus_tools.segmentation.screening.rules import Rules
from manifests.base.errors import CorpusError
from manifests.storage.records import Clip, Source
from manifests.storage.shards import read_header
from manifests.storage.store import inside
from manifests.storage.tombstones import Withdrawn

__all__ = [
    "KeptError",
    "Status",
    "Update",
    "describe_differences",
    "earlier_flags",
    "with_superseded",
]

Status = Literal["cut", "screened", "unchanged", "kept"]

Analyse = Callable[[Mapping[str, str], Sequence[Cut] | None], SourceResult]
"""Function that writes the clips of a source, given the sha256 of the samples of frozen ones, and
the cuts if they are known already."""


class KeptError(CorpusError):
    """A source would be cut differently now, but keeps its cuts, some of which are frozen."""


def _ignore(file: Path, warning: str) -> None:
    """Ignore a warning."""


@dataclass(frozen=True)
class Update:
    """Settings that all sources of one run share; ``frozen`` has the file that names each clip.

    The sources in ``recut`` are cut anew although they have frozen clips, which stay, superseded.
    ``warn`` receives each file and its warnings.
    """

    corpus: Path
    rules: Rules
    frozen: Mapping[str, str]
    recut: Collection[str] = ()
    warn: Callable[[Path, str], None] = _ignore

    @cached_property
    def _frozen_by_source(self) -> dict[str, list[str]]:
        by_source: dict[str, list[str]] = {}
        for name in sorted(self.frozen):
            by_source.setdefault(source_of(name), []).append(name)
        return by_source

    @cached_property
    def _withdrawn(self) -> Withdrawn:
        return Withdrawn.of(self.corpus)

    def frozen_clips(self, source_id: str) -> list[str]:
        """Return the frozen clips of a source, sorted."""
        return self._frozen_by_source.get(source_id, [])

    def analyse(
        self, media: MediaInput, inputs: dict[str, Any], analyse: Analyse
    ) -> SourceResult | None:
        """Analyse a source and write its shards, undecided; ``None`` if that was done already.

        Raises:
            KeptError: if the source has frozen clips and would be cut differently now.
            CorpusError: likewise, if cutting was interrupted before, so that there is nothing to
                screen; and if withdrawn clips would be cut again.
            DataError: if its folder of clips is a link that leads out of the corpus.
            MediaError: if it can't be decoded.
        """
        name = media.source.source_id
        inside(self.corpus, f"clips/{name}")
        for warning in media.warnings:
            self.warn(media.path, warning)
        frozen = self.frozen_clips(name)
        known_cuts = is_cut(self.corpus, name, inputs)
        if known_cuts and is_whole(self.corpus, media.source):
            sweep_source(self.corpus, name, frozen)
            if media.known:
                write_source(self.corpus, media.source)
            return None
        if gone := self._withdrawn.partly.get(name):
            raise CorpusError(
                f"can't be cut anew, since clips of it were withdrawn with {gone.summary} and "
                f"would be cut again; its cuts were left as they are"
            )
        if frozen and not known_cuts and name not in self.recut:
            raise self._kept(name, frozen, inputs)
        earlier = clips_of(self.corpus, name)
        hashes = {clip.clip_id: clip.sha256 for clip in earlier}
        known = [Cut.at(clip.start, clip.end) for clip in earlier if clip.superseded_by is None]
        try:
            result = analyse(
                {clip: hashes[clip] for clip in frozen if clip in hashes},
                known if known_cuts else None,
            )
            self._refuse_withdrawn(result.clips)
            clips = with_superseded(result.clips, earlier, frozen, name)
            write_result(self.corpus, replace(result, clips=clips), self.rules, frozen)
        except (CorpusError, OSError):
            sweep_source(self.corpus, name, frozen)
            raise
        return result

    def run(
        self, media: MediaInput, inputs: dict[str, Any], analyse: Analyse
    ) -> tuple[Status, SourceDecisions]:
        """Bring a recording up to date: analyse it, and screen its clips, which repeat no others.

        Raises as `analyse` does; a kept source is screened all the same.
        """
        try:
            result = self.analyse(media, inputs, analyse)
        except KeptError:
            self.screen(media.source)
            raise
        for warning in result.warnings if result else ():
            self.warn(media.path, warning)
        changed, decisions = self.screen(media.source if result is None else result.source)
        return "cut" if result else "screened" if changed else "unchanged", decisions

    def screen(self, source: Source) -> tuple[bool, SourceDecisions]:
        """Screen the clips of a source by these rules; return whether that changed anything."""
        decisions = decide(self.corpus, source, self.rules, clips_of(self.corpus, source.source_id))
        return bool(commit(self.corpus, [decisions])), decisions

    def _refuse_withdrawn(self, clips: Sequence[Clip]) -> None:
        """Raise CorpusError if a withdrawn speaker speaks in one of the clips."""
        for speaker in {clip.speaker for clip in clips if clip.speaker is not None}:
            if gone := self._withdrawn.speaker(speaker):
                raise CorpusError(
                    f"clips of {gone.summary} would be cut from it again; leave it out, or rename "
                    f"the speaker if it is another person"
                )

    def _kept(self, name: str, frozen: list[str], inputs: dict[str, Any]) -> CorpusError:
        """Return the error that says why a source keeps its cuts."""
        path = SEGMENTS.path(self.corpus, name)
        earlier = read_header(path).inputs if path.is_file() else {}
        flags = earlier_flags(earlier, inputs, FLAGS)
        differences = describe_differences(earlier, inputs)
        own_run = f", in a run of its own ({flags})" if flags else ""
        complaint = (
            f"would be cut differently now ({differences}), but {len(frozen)} of its clips are "
            f"frozen (the first is named by {self.frozen[frozen[0]]}); its cuts were left as they "
            f"are: give it the earlier settings{own_run}, leave it out, or cut it anew beside "
            f"these clips with --recut {name}"
        )
        error = KeptError if ledger_fits(self.corpus, name) else CorpusError
        return error(complaint)


def with_superseded(
    clips: Sequence[Clip], earlier: Sequence[Clip], frozen: Collection[str], source_id: str
) -> list[Clip]:
    """Return the new clips with the frozen earlier ones, in order of time.

    A frozen clip that is not cut again is superseded by the new one that overlaps it most, or, if
    none does, by the source as a whole.
    """
    current = {clip.clip_id for clip in clips}
    kept = [
        clip.changed(superseded_by=_successor(clip, clips) or source_id)
        for clip in earlier
        if clip.clip_id in frozen and clip.clip_id not in current
    ]
    return sorted([*clips, *kept], key=lambda clip: (clip.start, clip.end))


def _successor(clip: Clip, clips: Sequence[Clip]) -> str | None:
    overlaps = [(min(clip.end, new.end) - max(clip.start, new.start), new.clip_id) for new in clips]
    most, name = max(overlaps, default=(0.0, ""))
    return name if most > 0 else None


def describe_differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences between two inputs, for a message.

    Example:
        >>> describe_differences({"parameters": {"margin": 0.1}}, {"parameters": {"margin": 0.2}})
        'margin is 0.2, was 0.1'
        >>> describe_differences({"subtitles": None}, {"subtitles": "5f0c"})
        'its subtitles changed'
        >>> describe_differences({"track": 0}, {"track": 0})
        'this version of corpus-tools cuts differently'
    """
    changes = [
        f"{key} is {_in_message(new)}, was {_in_message(old)}"
        for key, old, new in _differing(earlier.get("parameters"), now.get("parameters"))
    ]
    changes += [
        _WORDS.get(key, f"its {key.replace('_', ' ')} changed") for key in _changed(earlier, now)
    ]
    return "; ".join(changes) or "this version of corpus-tools cuts differently"


def earlier_flags(earlier: Mapping[str, Any], now: Mapping[str, Any], flags: Iterable[str]) -> str:
    """Return the flags that restore the earlier inputs, empty if ``flags`` can't restore them all.

    Example:
        >>> then, today = ({"parameters": {"max_seconds": most}} for most in (4.0, 5.0))
        >>> earlier_flags(then, today, ["max_seconds"])
        '--max-seconds 4.0'
    """
    settings = list(_differing(earlier.get("parameters"), now.get("parameters")))
    changed = _changed(earlier, now)
    with_flag = set(flags)
    if changed or any(key not in with_flag or old is None for key, old, _ in settings):
        return ""
    return " ".join(f"--{key.replace('_', '-')} {old}" for key, old, _ in settings)


def _changed(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the keys that differ, except settings and what follows from them."""
    settings = {key for key, *_ in _differing(earlier.get("parameters"), now.get("parameters"))}
    described = {"parameters", "voice"} if "detector" in settings else {"parameters"}
    return [key for key, *_ in _differing(earlier, now) if key not in described]


def _differing(earlier: Any, now: Any) -> Iterable[tuple[str, Any, Any]]:
    old, new = (inputs if isinstance(inputs, Mapping) else {} for inputs in (earlier, now))
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _in_message(value: Any) -> str:
    return "not known" if value is None else str(value)


_WORDS = {
    "subtitles": "its subtitles changed",
    "burned_in": "the subtitles read from its picture changed",
    "weights": "the weights of the cut planner changed",
    "voice": "the version of the voice detector changed",
    "choices": "its regions or moved edges changed",
    "hearing": "the settings of voice detection changed",
}
