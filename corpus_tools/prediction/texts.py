"""Transcripts of a file's segments, from subtitles or a recogniser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus_tools.media.levels import Samples
from corpus_tools.prediction.pieces import Segment
from corpus_tools.segmentation.subtitles import read_lines
from corpus_tools.transcription.asking import run_recogniser
from corpus_tools.transcription.batching import batched
from corpus_tools.transcription.flagging import Flagger
from corpus_tools.transcription.lines import assign_lines
from corpus_tools.transcription.normalisation import normalise
from corpus_tools.transcription.recogniser import Recogniser
from manifests.records import Transcript

__all__ = ["FULL_SCALE", "ClipTranscriber", "subtitle_texts"]

FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class ClipTranscriber:
    """Recogniser with the guards on its output.

    Attributes:
        recogniser: loaded recogniser.
        flagger: guards; doubtful texts are emptied.
        language: spoken language, None to detect it.
        batch_size: number of segments per batch.
    """

    recogniser: Recogniser
    flagger: Flagger
    language: str | None = None
    batch_size: int = 8

    def texts(self, segments: Sequence[Segment], sounds: Sequence[Samples]) -> list[str]:
        """Return the transcripts of segments of one file, "" where doubtful.

        Args:
            segments: segments of one file.
            sounds: their samples, int16 at 16 kHz.

        Raises:
            CorpusError: if the recogniser fails.
        """
        transcripts: list[Transcript] = []
        for batch in batched(list(zip(segments, sounds, strict=True)), self.batch_size):
            waves = [samples.astype(np.float32) / np.float32(FULL_SCALE) for _, samples in batch]
            recognitions = run_recogniser(self.recogniser, waves, self.language)
            transcripts += [
                Transcript(
                    clip_id=segment.clip_id,
                    text="",
                    text_raw=recognition.text,
                    source="recogniser",
                    model=self.recogniser.name,
                    language=recognition.language or self.language,
                    avg_logprob=recognition.avg_logprob,
                    no_speech_prob=recognition.no_speech_prob,
                    compression_ratio=recognition.compression_ratio,
                    words=None,
                    flags=list(recognition.flags),
                )
                for (segment, _), recognition in zip(batch, recognitions, strict=True)
            ]
        seconds = {segment.clip_id: segment.end - segment.start for segment in segments}
        return [transcript.text for transcript in self.flagger.apply(transcripts, seconds)]


def subtitle_texts(
    path: Path, segments: Sequence[Segment], warn: Callable[[str], None]
) -> list[str]:
    """Return the subtitles beside or within a file for each segment, "" where there are none.

    Args:
        path: path of the file.
        segments: segments of the file.
        warn: callback for unusable subtitles.
    """
    lines, problems = read_lines(path, path.name, language="")
    for problem in problems:
        warn(problem)
    texts = assign_lines(lines, segments)
    return [
        normalise(" ".join(texts[segment.clip_id].lines)) if segment.clip_id in texts else ""
        for segment in segments
    ]
