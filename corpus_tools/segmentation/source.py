"""Analysis of one source: decode it, plan its clips, write and measure them."""

import bisect
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.identity import clip_id
from corpus_tools.media.probe import probe
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from corpus_tools.media.wav import pcm_sha256, write_wav
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.intake.selections import CLOSED, Choices
from corpus_tools.segmentation.ledger.commit import SourceResult
from corpus_tools.segmentation.ledger.ledger import LEFT_OVER, measure_outside
from corpus_tools.segmentation.planning.costs import Line
from corpus_tools.segmentation.planning.planner import (
    plan_cuts,
    prefer_covering_cuts,
    with_region_edges,
)
from corpus_tools.segmentation.repeats.fingerprint import fingerprint, to_text
from corpus_tools.segmentation.screening.clip_sound import AROUND_MS, ClipSound, measure
from corpus_tools.segmentation.screening.programmes import speak_apart
from corpus_tools.segmentation.subtitles.read import (
    alignment_warning,
    subtitle_speaker,
    synchronise,
)
from corpus_tools.segmentation.subtitles.sync import SubtitleTiming
from corpus_tools.segmentation.voice.base import FRAME_MS
from corpus_tools.segmentation.voice.track import DecodedTrack, open_track
from manifests.base.errors import CorpusError
from manifests.storage.records import Clip, Fingerprint, SpeakerSource, SubtitleLine

__all__ = [
    "ClipWriter",
    "SpeakerInfo",
    "analyse",
    "open_source",
    "plan_track",
    "preview_clips",
    "sound_warnings",
]


@dataclass(frozen=True)
class SpeakerInfo:
    """Speaker of a clip, how the speaker is known, and the id of the scripted sentence."""

    speaker: str | None = None
    speaker_source: SpeakerSource | None = None
    sentence: str | None = None


@dataclass(frozen=True)
class ClipWriter:
    """Writes the clips of one source into the folder named by its id.

    ``frozen`` has the sha256 of the samples of the frozen clips, by clip id.
    """

    corpus: Path
    source_id: str
    decoded: DecodedTrack
    frozen: Mapping[str, str]

    def write(self, cuts: Sequence[Cut], speaker_in: Callable[[Cut], SpeakerInfo]) -> list[Clip]:
        """Write clips below ``clips/<source_id>/`` and return their records.

        Other threads write while this one measures. `CorpusError` if a frozen clip would change.
        """
        with ThreadPoolExecutor(_WRITERS) as pool:
            files = [pool.submit(self._write, cut) for cut in cuts]
            measures = [self._measure(cut) for cut in cuts]
            return [
                self._record(cut, speaker_in(cut), file.result(), measured)
                for cut, file, measured in zip(cuts, files, measures, strict=True)
            ]

    def _write(self, cut: Cut) -> tuple[str, str]:
        """Write a clip and return the sha256 of its samples and of its file."""
        name, path = self._place(cut)
        samples = self.decoded.samples(cut)
        if self.frozen.get(name, sha256 := pcm_sha256(samples)) != sha256:
            raise CorpusError(
                f"its clip {name} is frozen but decodes differently now (another version of "
                f"ffmpeg's libraries?); restore {path} from a copy"
            )
        return sha256, write_wav(self.corpus / path, samples)

    def _measure(self, cut: Cut) -> dict[str, Any]:
        low = max(cut.start_ms - AROUND_MS, 0)
        excerpt = self.decoded.samples(Cut(low, cut.end_ms + AROUND_MS))
        start, end = ((ms - low) * SAMPLE_RATE // 1000 for ms in (cut.start_ms, cut.end_ms))
        before, samples, after = excerpt[:start], excerpt[start:end], excerpt[end:]
        return measure(ClipSound(samples, self.decoded.activity, cut, before, after))

    def _record(
        self, cut: Cut, speaker: SpeakerInfo, hashes: tuple[str, str], measures: dict[str, Any]
    ) -> Clip:
        name, path = self._place(cut)
        return Clip(
            clip_id=name,
            source_id=self.source_id,
            path=path,
            start=cut.start_ms / 1000,
            end=cut.end_ms / 1000,
            duration=(cut.end_ms - cut.start_ms) / 1000,
            sha256=hashes[0],
            file_sha256=hashes[1],
            **measures,
            **vars(speaker),
        )

    def _place(self, cut: Cut) -> tuple[str, str]:
        """Return a clip's id and path."""
        name = clip_id(self.source_id, cut.start_ms, cut.end_ms)
        return name, f"clips/{self.source_id}/{name}.wav"


_WRITERS = 8


def analyse(
    media: MediaInput,
    corpus: Path,
    lines: Sequence[SubtitleLine],
    settings: SegmentSettings,
    inputs: dict[str, Any],
    frozen: Mapping[str, str],
    *,
    choices: Choices | None = None,
    cuts: Sequence[Cut] | None = None,
) -> SourceResult:
    """Decode a source, plan its clips, and write each below ``clips/<source_id>/``.

    A pure function of the source, but for the clips' files. Memory doesn't grow with the length of
    the source: its samples are kept in a temporary file. Subtitle lines are in order of time, with
    the times of their file; ``frozen`` has the sha256 of the samples of the frozen clips, by clip
    id. Cuts are in order of time; ``None`` to plan them. ``inputs`` go into the result as they are.

    Raises:
        MediaError: if the file can't be decoded.
        CorpusError: if a frozen clip would change.
    """
    choices = choices or Choices()
    source = media.source
    with open_source(media, settings, corpus) as decoded:
        alignment = SubtitleTiming()
        if settings.align_subtitles:
            lines, alignment = synchronise(lines, decoded.activity.speech)
        closed = choices.closed(len(decoded.activity))
        if cuts is None:
            cuts = _plan_around(choices.fixed(), decoded, lines, settings, choices)
        writer = ClipWriter(corpus, source.source_id, decoded, frozen)
        clips = writer.write(cuts, _SpeakerLookup(lines, settings, choices).speaker_in)
        prints = [
            Fingerprint(clip_id=clip.clip_id, hashes=to_text(fingerprint(decoded.samples(cut))))
            for clip, cut in zip(clips, cuts, strict=True)
        ]
        outside_ms = measure_outside(decoded.activity, cuts, decoded.duration_ms, closed)
        seconds = decoded.duration_ms / 1000
        warnings = [
            *sound_warnings(media.path, decoded, mixed=media.mixed),
            alignment_warning(media.path, alignment, lines, seconds),
            None if clips else _describe_no_clips(media.path, seconds, outside_ms, settings),
        ]
        return SourceResult(
            source.changed(duration=seconds),
            clips,
            list(lines),
            outside_ms,
            inputs,
            prints,
            asdict(alignment) if lines else None,
            [warning for warning in warnings if warning],
        )


def plan_track(
    decoded: DecodedTrack,
    lines: Sequence[Line],
    settings: SegmentSettings,
    closed: NDArray[np.bool_] | None = None,
) -> list[Cut]:
    """Return the best cuts of a decoded track; no clip touches the ``closed`` frames."""
    return plan_cuts(
        decoded.activity,
        lines,
        min_ms=round(settings.min_seconds * 1000),
        max_ms=round(settings.max_seconds * 1000),
        margin_ms=round(settings.margin_seconds * 1000),
        closed=closed,
    )


def _plan_around(
    fixed: Sequence[Cut],
    decoded: DecodedTrack,
    lines: Sequence[SubtitleLine],
    settings: SegmentSettings,
    choices: Choices,
) -> list[Cut]:
    """Return the cuts fixed by review and the best ones around them."""
    closed = np.zeros(len(decoded.activity), dtype=np.bool_)
    for frames in choices.closed(len(closed)).values():
        closed |= frames
    for cut in fixed:
        closed[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)] = True
    with_edges = with_region_edges(lines, choices)
    plain = with_region_edges(lines, Choices())
    cuts = plan_track(decoded, plain, settings, closed)
    if with_edges != plain:
        careful = plan_track(decoded, with_edges, settings, closed)
        cuts = prefer_covering_cuts(cuts, careful, decoded.activity.speech, closed, choices)
    return sorted([*fixed, *cuts])


class _SpeakerLookup:
    """Finds the speaker of a cut by regions and nearby subtitle lines."""

    def __init__(
        self, lines: Sequence[SubtitleLine], settings: SegmentSettings, choices: Choices
    ) -> None:
        self._lines = lines
        self._starts = [line.start for line in lines]
        self._longest = max((line.end - line.start for line in lines), default=0.0)
        self._settings = settings
        self._choices = choices

    def speaker_in(self, cut: Cut) -> SpeakerInfo:
        """Return the speaker of a cut, as far as manual regions or subtitles name one."""
        start, end = cut.start_ms / 1000, cut.end_ms / 1000
        speakers = self._choices.speakers(start, end)
        if len(speakers) > 1:
            return SpeakerInfo()
        if speakers:
            return SpeakerInfo(speakers.pop(), "file")
        low = bisect.bisect_left(self._starts, start - self._longest)
        high = bisect.bisect_right(self._starts, end)
        speaker = subtitle_speaker(cut, self._lines[low:high], self._settings)
        return SpeakerInfo(speaker, "subtitle") if speaker else SpeakerInfo()


def preview_clips(
    media: Path, *, track: int | None = None, settings: SegmentSettings | None = None
) -> Iterator[tuple[Cut, Samples]]:
    """Yield the cuts that ``corpus segment`` would make without subtitles, in order of time.

    Each comes with its samples (int16 mono at 16 kHz). The track defaults to the file's default
    one. Raises `MediaError` if the file can't be decoded.
    """
    settings = settings or SegmentSettings()
    chosen = probe(media).track(track).index
    with open_track(media, chosen, settings, Path(tempfile.gettempdir())) as decoded:
        for cut in plan_track(decoded, [], settings):
            yield cut, decoded.samples(cut)


def open_source(
    media: MediaInput, settings: SegmentSettings, folder: Path
) -> AbstractContextManager[DecodedTrack]:
    """Decode the track or channel of a source, as by `open_track`."""
    source = media.source
    return open_track(media.path, source.track, settings, folder, source.channel)


def sound_warnings(
    media: Path,
    decoded: DecodedTrack,
    *,
    mixed: bool = False,
    remedy: str = "use --channel left or --channel right, or give each as a file of its own",
) -> list[str]:
    """Return the warnings about the sound of a decoded track, whatever is cut from it.

    ``mixed`` is True if the user wants both channels mixed; ``remedy`` says how to use one.
    """
    warnings = [
        *(f"{media} {note}" for note in decoded.notes),
        _describe_unreal(media, decoded.unreal_seconds),
        _describe_cancelled(media, decoded.cancelled, remedy),
        _describe_apart(media, remedy) if not mixed and speak_apart(decoded.pairs) else None,
    ]
    return [warning for warning in warnings if warning]


def _describe_unreal(media: Path, seconds: float) -> str | None:
    if not seconds:
        return None
    length = f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.2g} ms"
    return (
        f"{media}: {length} of its samples are NaN or infinite: single ones were replaced by "
        f"silence or full scale, longer runs by a gap; export it again from the original"
    )


def _describe_cancelled(media: Path, share: float, remedy: str) -> str | None:
    if share <= _CANCELLED:
        return None
    return (
        f"{media}: {share:.0%} of its sound cancels out when its two channels are mixed, since "
        f"they have opposite polarity; {remedy}"
    )


def _describe_apart(media: Path, remedy: str) -> str:
    return (
        f"{media}: its two channels carry speech of their own and hardly correlate, as where one "
        f"holds another language, or each a microphone; they were mixed, so {remedy}"
    )


def _describe_no_clips(
    media: Path, seconds: float, outside_ms: Mapping[str, int], settings: SegmentSettings
) -> str:
    """Return the reason why a source has no clips, for a warning."""
    shortest = f"a clip of {settings.min_seconds:g} s"
    if seconds < settings.min_seconds:
        return f"{media}: lasts only {seconds:.1f} s, too short for {shortest}; nothing was cut"
    closed = sum(outside_ms.get(reason, 0) for reason in CLOSED) / 1000
    if closed and seconds - closed < settings.min_seconds:
        left = seconds - closed
        return (
            f"{media}: its regions leave {left:.1f} s of it, too little for {shortest}; "
            f"nothing was cut"
        )
    where = " in what its regions leave" if closed else ""
    speech = outside_ms.get(LEFT_OVER, 0) / 1000
    if speech:
        return (
            f"{media}: {speech:.1f} s of speech was found{where}, but none of it fits a clip of "
            f"{settings.min_seconds:g} to {settings.max_seconds:g} s; nothing was cut"
        )
    return f"{media}: no speech was found{where}; nothing was cut"


_CANCELLED = 0.1  # share of the sound; effects and ambience of films reach less
