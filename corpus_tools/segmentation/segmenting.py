"""Cutting of one film, as ``corpus segment`` does for each source."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from corpus_tools.segmentation.choices import CLOSED, read_choices
from corpus_tools.segmentation.cut import CutSource, cut_source
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.ledger import LEFT_OVER
from corpus_tools.segmentation.planning import Cut, PlanWeights
from corpus_tools.segmentation.publish import SourceCuts
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.subtitles import alignment_warning, read_lines, sidecar_sha256
from corpus_tools.segmentation.update import KeptError, Status, Update

__all__ = ["SegmentJob", "SegmentResult"]


@dataclass(frozen=True)
class SegmentResult:
    """Result for one source.

    Attributes:
        status: whether the source was cut, screened, unchanged, or kept as it was cut before.
        warnings: messages for the user.
        failure: reason why it was kept.
    """

    status: Status
    warnings: list[str]
    failure: str | None = None


@dataclass(frozen=True)
class SegmentJob:
    """Settings that all sources of one run share; `run` processes one source in any process.

    Attributes:
        update: corpus, screening rules and frozen clips.
        settings: settings of section [segment].
        voice: voice detector and its version.
        language: language of the corpus, by which subtitles are chosen.
    """

    update: Update
    settings: SegmentSettings
    voice: str
    language: str

    def run(self, media: MediaInput) -> SegmentResult:
        """Bring a source up to date.

        Raises:
            CorpusError: as for `Update.run`.
        """
        inputs = self._inputs(media)
        warnings: list[str] = []
        try:
            status = self.update.run(
                media, inputs, lambda frozen, cuts: self._cut(media, inputs, frozen, cuts, warnings)
            )
        except KeptError as error:
            return SegmentResult("kept", warnings, str(error))
        return SegmentResult(status, warnings)

    def _cut(
        self,
        media: MediaInput,
        inputs: dict[str, Any],
        frozen: Mapping[str, str],
        cuts: Sequence[Cut] | None,
        warnings: list[str],
    ) -> SourceCuts:
        name, corpus = media.source.source_id, self.update.corpus
        lines, notes = read_lines(media.path, name, self.language)
        warnings += notes
        cut = cut_source(
            media.path,
            media.source.track,
            name,
            corpus,
            lines,
            self.settings,
            frozen,
            choices=read_choices(corpus, name),
            cuts=cuts,
        )
        if cut.unreal_seconds:
            warnings.append(f"{media.path}: {_describe_unreal(cut.unreal_seconds)}")
        if cut.cancelled > _CANCELLED:
            warnings.append(
                f"{media.path}: {_describe_cancelled(cut.cancelled, media.source.track)}"
            )
        note = alignment_warning(media.path, cut.alignment, cut.lines, cut.duration_ms / 1000)
        warnings += [note] if note else []
        if not cut.clips:
            warnings.append(f"{media.path}: {_describe_no_clips(cut, self.settings)}")
        source = media.source.changed(duration=cut.duration_ms / 1000)
        return SourceCuts(
            source,
            cut.clips,
            cut.lines,
            cut.outside_ms,
            inputs,
            cut.fingerprints,
            asdict(cut.alignment) if lines else None,
        )

    def _inputs(self, media: MediaInput) -> dict[str, Any]:
        return {
            "media": media.source.sha256,
            "track": media.source.track,
            "subtitles": sidecar_sha256(media.path, self.language),
            "language": self.language,
            "parameters": self.settings.model_dump(mode="json"),
            "weights": asdict(PlanWeights()),
            "voice": self.voice,
            "choices": read_choices(self.update.corpus, media.source.source_id).inputs,
        }


def _describe_unreal(seconds: float) -> str:
    length = f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.2g} ms"
    return (
        f"{length} of its samples are NaN or infinite: single ones were replaced by silence or "
        f"full scale, longer runs by a gap; export it again from the original"
    )


def _describe_cancelled(share: float, track: int) -> str:
    return (
        f"{share:.0%} of its sound cancels out when its two channels are mixed, since they have "
        f"opposite polarity; use one of them, for example with ffmpeg -i FILM -map 0:a:{track} "
        f"-af 'pan=mono|c0=c0' FILM.flac, and give that instead"
    )


def _describe_no_clips(cut: CutSource, settings: SegmentSettings) -> str:
    """Return the reason why a source has no clips, for a warning."""
    shortest = f"a clip of {settings.min_seconds:g} s"
    seconds = cut.duration_ms / 1000
    if seconds < settings.min_seconds:
        return f"lasts only {seconds:.1f} s, too short for {shortest}; nothing was cut"
    closed = sum(cut.outside_ms.get(reason, 0) for reason in CLOSED) / 1000
    if closed and seconds - closed < settings.min_seconds:
        left = seconds - closed
        return f"its regions leave {left:.1f} s of it, too little for {shortest}; nothing was cut"
    where = " in what its regions leave" if closed else ""
    speech = cut.outside_ms.get(LEFT_OVER, 0) / 1000
    if speech:
        return (
            f"{speech:.1f} s of speech was found{where}, but none of it fits a clip of "
            f"{settings.min_seconds:g} to {settings.max_seconds:g} s; nothing was cut"
        )
    return f"no speech was found{where}; nothing was cut"


_CANCELLED = 0.1  # share of the sound; effects and ambience of films reach less
