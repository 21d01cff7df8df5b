"""Bring one film up to date in the corpus: what ``corpus segment`` does for each source."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from corpus_tools.segmentation.choices import read_choices
from corpus_tools.segmentation.cut import cut_source
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.planning import Cut, PlanWeights
from corpus_tools.segmentation.publish import Found
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.subtitles import read_lines, sidecar_sha256
from corpus_tools.segmentation.update import Status, Update

__all__ = ["Segmented", "Segmenting"]


@dataclass(frozen=True)
class Segmented:
    """What was done for a source.

    Attributes:
        status: that it was cut, screened or found unchanged.
        warnings: sentences the user should read.
    """

    status: Status
    warnings: list[str]


@dataclass(frozen=True)
class Segmenting:
    """What all sources of one run share; `run` does one source, in any process.

    Attributes:
        update: the corpus, its rules and its frozen clips.
        settings: section [segment].
        voice: the voice detector and its version.
    """

    update: Update
    settings: SegmentSettings
    voice: str

    def run(self, one: MediaInput) -> Segmented:
        """Bring a source up to date.

        Raises:
            CorpusError: as for `Update.run`.
        """
        inputs = self._inputs(one)
        warnings: list[str] = []
        status = self.update.run(
            one, inputs, lambda frozen, cuts: self._cut(one, inputs, frozen, cuts, warnings)
        )
        return Segmented(status, warnings)

    def _cut(
        self,
        one: MediaInput,
        inputs: dict[str, Any],
        frozen: Mapping[str, str],
        cuts: Sequence[Cut] | None,
        warnings: list[str],
    ) -> Found:
        name, corpus = one.source.source_id, self.update.corpus
        lines, complaint = read_lines(one.path, name)
        if complaint:
            warnings.append(complaint)
        cut = cut_source(
            one.path,
            one.source.track,
            name,
            corpus,
            lines,
            self.settings,
            frozen,
            choices=read_choices(corpus, name),
            cuts=cuts,
        )
        if not cut.clips:
            warnings.append(f"{one.path}: {_nothing(cut.duration_ms, self.settings)}")
        source = one.source.model_copy(update={"duration": cut.duration_ms / 1000})
        return Found(source, cut.clips, lines, cut.outside_ms, inputs, cut.fingerprints)

    def _inputs(self, one: MediaInput) -> dict[str, Any]:
        return {
            "media": one.source.sha256,
            "track": one.source.track,
            "subtitles": sidecar_sha256(one.path),
            "parameters": self.settings.model_dump(mode="json"),
            "weights": asdict(PlanWeights()),
            "voice": self.voice,
            "choices": read_choices(self.update.corpus, one.source.source_id).inputs,
        }


def _nothing(duration_ms: int, settings: SegmentSettings) -> str:
    if duration_ms < settings.min_seconds * 1000:
        return f"lasts only {duration_ms / 1000:.1f} s, too short for a clip; nothing was cut"
    return "no speech was found; nothing was cut"
