"""Scripted recording of one line: a source with a single clip, trimmed at both ends."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.errors import MediaError
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from corpus_tools.recordings.readings.script import ScriptRow
from corpus_tools.registries.measures import added_inputs
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.ledger.commit import SourceResult
from corpus_tools.segmentation.ledger.ledger import measure_outside
from corpus_tools.segmentation.source import ClipWriter, SpeakerInfo, open_source, sound_warnings
from corpus_tools.segmentation.voice.activity import runs
from corpus_tools.segmentation.voice.base import FRAME_MS, detector_name
from corpus_tools.segmentation.voice.track import DecodedTrack

__all__ = ["SPEECH_SETTINGS", "cut_recording", "recording_inputs"]


def spoken_extent(samples: Samples, settings: RecordingSettings) -> tuple[int, int]:
    """Return the part of a recording (int16 mono at 16 kHz) to keep, in milliseconds.

    A recording without any sound above the threshold is kept whole.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # missing ffmpeg, not needed here
        from pydub import AudioSegment
        from pydub.silence import detect_leading_silence

    whole = len(samples) * 1000 // SAMPLE_RATE
    segment = AudioSegment(
        data=samples.astype("<i2").tobytes(), sample_width=2, frame_rate=SAMPLE_RATE, channels=1
    )
    before = detect_leading_silence(segment, settings.silence_db, chunk_size=_STEP_MS)
    if before >= whole:
        return 0, whole
    after = detect_leading_silence(segment.reverse(), settings.silence_db, chunk_size=_STEP_MS)
    margin = round(settings.silence_seconds * 1000)
    return max(before - margin, 0), min(whole - after + margin, whole)


_STEP_MS = 10


def recording_inputs(
    media: MediaInput, row: ScriptRow, settings: RecordingSettings, segment: SegmentSettings
) -> dict[str, Any]:
    """Return the JSON-ready inputs of a recording's clip."""
    trimming = settings.model_dump(mode="json", exclude={"length"})
    return {
        **media.inputs,
        "speaker": row.speaker.speaker_id,
        "sentence": row.sentence,
        "parameters": trimming if settings.trim_silence else {"trim_silence": False},
        "voice": detector_name(segment),
        **added_inputs(),
        "hearing": segment.model_dump(mode="json", include=SPEECH_SETTINGS),
    }


def cut_recording(
    media: MediaInput,
    row: ScriptRow,
    corpus: Path,
    settings: RecordingSettings,
    segment: SegmentSettings,
    inputs: dict[str, Any],
    frozen: Mapping[str, str],
) -> SourceResult:
    """Write a recording as one clip; ``frozen`` has the sha256 of samples that must not change.

    Raises:
        MediaError: if it can't be decoded, or has a gap in its sound.
        CorpusError: if a frozen clip would change.
    """
    with open_source(media, segment, corpus) as track:
        cut = _kept_extent(track, settings)
        who = SpeakerInfo(row.speaker.speaker_id, "script", row.sentence)
        writer = ClipWriter(corpus, media.source.source_id, track, frozen)
        clips = writer.write([cut], lambda _: who)
        source = media.source.changed(duration=track.duration_ms / 1000)
        outside_ms = measure_outside(track.activity, [cut], track.duration_ms)
        warnings = sound_warnings(media.path, track, mixed=media.mixed)
    return SourceResult(source, clips, None, outside_ms, inputs, warnings=warnings)


def _kept_extent(track: DecodedTrack, settings: RecordingSettings) -> Cut:
    """Return the part of a recording to keep: all of its sound, or the spoken part."""
    whole = Cut(0, track.duration_ms)
    present = runs(~track.activity.gap)
    if len(present) > 1:
        at = int(present[0][1]) * FRAME_MS / 1000
        raise MediaError(f"has a gap in its sound at {at:.2f} s; record or export it again")
    if track.activity.gap.any():
        whole = Cut(int(present[0][0]) * FRAME_MS, int(present[0][1]) * FRAME_MS)
    if not settings.trim_silence:
        return whole
    start, end = spoken_extent(track.samples(whole), settings)
    return Cut(whole.start_ms + start, whole.start_ms + end)


SPEECH_SETTINGS = {
    "aggressiveness",
    "silero_threshold",
    "onset_seconds",
    "hangover_seconds",
    "min_pause_seconds",
}
"""Settings of section [segment] that affect voice activity detection."""
