"""Bring one source of the corpus up to date without changing its frozen clips."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from corpus_tools.segmentation.differences import describe_differences, earlier_flags
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import (
    SEGMENTS,
    SourceCuts,
    clips_of,
    is_cut,
    is_screened,
    is_whole,
    ledger_fits,
    publish,
    publish_source,
    rescreen,
    source_of,
    sweep_source,
)
from corpus_tools.segmentation.screening import Rules
from corpus_tools.segmentation.settings import FLAGS
from corpus_tools.segmentation.superseding import with_superseded
from manifests.errors import CorpusError
from manifests.records import Clip
from manifests.shards import read_header
from manifests.store import inside
from manifests.tombstones import Withdrawn

__all__ = ["KeptError", "Status", "Update"]

Status = Literal["cut", "screened", "unchanged", "kept"]


Cutter = Callable[[Mapping[str, str], Sequence[Cut] | None], SourceCuts]
"""Function that writes the clips of a source, given the sha256 of the samples of frozen ones, and
the cuts if they are known already."""


class KeptError(CorpusError):
    """A source would be cut differently now, but keeps its cuts, some of which are frozen."""


@dataclass(frozen=True)
class Update:
    """Settings that all sources of one run share.

    Attributes:
        corpus: corpus folder.
        rules: screening rules.
        frozen: frozen clips, and the file that names each.
        recut: sources to cut anew although they have frozen clips, which stay, superseded.
    """

    corpus: Path
    rules: Rules
    frozen: Mapping[str, str]
    recut: Collection[str] = ()

    @cached_property
    def _frozen_by_source(self) -> dict[str, list[str]]:
        by_source: dict[str, list[str]] = {}
        for name in sorted(self.frozen):
            by_source.setdefault(source_of(name), []).append(name)
        return by_source

    @cached_property
    def _withdrawn(self) -> Withdrawn:
        return Withdrawn.of(self.corpus)

    def _refuse_withdrawn(self, clips: Sequence[Clip]) -> None:
        """Raise CorpusError if a withdrawn speaker speaks in one of the clips."""
        for speaker in {clip.speaker for clip in clips if clip.speaker is not None}:
            if gone := self._withdrawn.speakers.get(speaker):
                raise CorpusError(
                    f"clips of {gone.summary} would be cut from it again; leave it out, or rename "
                    f"the speaker if it is another person"
                )

    def frozen_clips(self, source_id: str) -> list[str]:
        """Return the frozen clips of a source, sorted."""
        return self._frozen_by_source.get(source_id, [])

    def run(self, media: MediaInput, inputs: dict[str, Any], cut: Cutter) -> Status:
        """Cut or screen a source as needed, and return its status.

        Args:
            media: media file and its source.
            inputs: JSON-ready inputs of the cuts.
            cut: function that writes the clips.

        Raises:
            KeptError: if the source has frozen clips and would be cut differently now; its clips
                are screened all the same.
            CorpusError: likewise, if cutting was interrupted before, so that there is nothing to
                screen; and if withdrawn clips would be cut again.
            DataError: if its folder of clips is a link that leads out of the corpus.
            MediaError: if it can't be decoded.
        """
        name = media.source.source_id
        inside(self.corpus, f"clips/{name}")
        frozen = self.frozen_clips(name)
        known_cuts = is_cut(self.corpus, name, inputs)
        if known_cuts and is_whole(self.corpus, media.source):
            return self._refresh(media, frozen)
        if gone := self._withdrawn.partly.get(name):
            raise CorpusError(
                f"can't be cut anew, since clips of it were withdrawn with {gone.summary} and "
                f"would be cut again; its cuts were left as they are"
            )
        if frozen and not known_cuts and name not in self.recut:
            raise self._keep(name, frozen, inputs)
        earlier = clips_of(self.corpus, name)
        hashes = {clip.clip_id: clip.sha256 for clip in earlier}
        known = [Cut.at(clip.start, clip.end) for clip in earlier if clip.superseded_by is None]
        try:
            cuts = cut(
                {clip: hashes[clip] for clip in frozen if clip in hashes},
                known if known_cuts else None,
            )
            self._refuse_withdrawn(cuts.clips)
            clips = with_superseded(cuts.clips, earlier, frozen, name)
            publish(self.corpus, replace(cuts, clips=clips), self.rules, frozen)
        except (CorpusError, OSError):
            sweep_source(self.corpus, name, frozen)
            raise
        return "cut"

    def _keep(self, name: str, frozen: list[str], inputs: dict[str, Any]) -> CorpusError:
        """Screen a source that keeps its cuts, and return the error that says why it does."""
        path = SEGMENTS.path(self.corpus, name)
        earlier = read_header(path).inputs if path.is_file() else {}
        flags = earlier_flags(earlier, inputs, FLAGS)
        differences = describe_differences(earlier, inputs)
        differences = describe_differences(earlier, inputs)
        own_run = f", in a run of its own ({flags})" if flags else ""
        complaint = (
            f"would be cut differently now ({differences}), but {len(frozen)} of its clips are "
            f"frozen (the first is named by {self.frozen[frozen[0]]}); its cuts were left as they "
            f"are: give it the earlier settings{own_run}, leave it out, or cut it anew beside "
            f"these clips with --recut {name}"
        )
        if not ledger_fits(self.corpus, name):
            return CorpusError(complaint)
        if not is_screened(self.corpus, name, self.rules):
            rescreen(self.corpus, name, self.rules)
        return KeptError(complaint)

    def _refresh(self, media: MediaInput, frozen: list[str]) -> Status:
        """Renew what doesn't need the audio: leftover clips, record, screening decisions."""
        name = media.source.source_id
        sweep_source(self.corpus, name, frozen)
        if media.known:
            publish_source(self.corpus, media.source)
        if is_screened(self.corpus, name, self.rules):
            return "unchanged"
        rescreen(self.corpus, name, self.rules)
        return "screened"
