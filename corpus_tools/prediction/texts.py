"""What is said in the pieces of a file: by its subtitles, or by a recogniser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus_tools.media.levels import Samples
from corpus_tools.prediction.pieces import Piece
from corpus_tools.segmentation.subtitles import read_lines
from corpus_tools.transcription.asking import run_recogniser
from corpus_tools.transcription.batching import batched
from corpus_tools.transcription.flagging import Flagger
from corpus_tools.transcription.lines import assign_lines
from corpus_tools.transcription.normalisation import normalise
from corpus_tools.transcription.recogniser import Recogniser
from manifests.records import Transcript

__all__ = ["FULL_SCALE", "Listener", "subtitle_texts"]

FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Listener:
    """A recogniser and the guards on what it says.

    Attributes:
        recogniser: ready to listen.
        flagging: how its texts are judged; doubtful ones are emptied.
        language: what is spoken, None to find out.
        batch_size: pieces that it is given at once.
    """

    recogniser: Recogniser
    flagging: Flagger
    language: str | None = None
    batch_size: int = 8

    def texts(self, pieces: Sequence[Piece], sounds: Sequence[Samples]) -> list[str]:
        """Return what is said in the pieces of a file, "" where that is doubtful.

        Args:
            pieces: of one file.
            sounds: their samples, int16 at 16 kHz.

        Raises:
            CorpusError: if the recogniser fails.
        """
        heard: list[Transcript] = []
        for batch in batched(list(zip(pieces, sounds, strict=True)), self.batch_size):
            waves = [samples.astype(np.float32) / np.float32(FULL_SCALE) for _, samples in batch]
            found = run_recogniser(self.recogniser, waves, self.language)
            heard += [
                Transcript(
                    clip_id=piece.clip_id,
                    text="",
                    text_raw=one.text,
                    source="recogniser",
                    model=self.recogniser.name,
                    language=one.language or self.language,
                    avg_logprob=one.avg_logprob,
                    no_speech_prob=one.no_speech_prob,
                    compression_ratio=one.compression_ratio,
                    words=None,
                    flags=list(one.flags),
                )
                for (piece, _), one in zip(batch, found, strict=True)
            ]
        seconds = {piece.clip_id: piece.end - piece.start for piece in pieces}
        return [one.text for one in self.flagging.apply(heard, seconds)]


def subtitle_texts(path: Path, pieces: Sequence[Piece], warn: Callable[[str], None]) -> list[str]:
    """Return what the subtitles beside or within a file say in its pieces, "" where nothing.

    Args:
        path: of the file.
        pieces: of it.
        warn: told of subtitles that can't be used.
    """
    lines, problems = read_lines(path, path.name, language="")
    for problem in problems:
        warn(problem)
    texts = assign_lines(lines, pieces)
    return [
        normalise(" ".join(texts[piece.clip_id].lines)) if piece.clip_id in texts else ""
        for piece in pieces
    ]
