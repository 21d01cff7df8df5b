"""Transcripts from a speech recogniser: its words, the flags on them, and what is left."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.wav import read_wav
from corpus_tools.transcription.guards import FATAL, Thresholds, flag_text, guards_version
from corpus_tools.transcription.material import SourceClips
from corpus_tools.transcription.normalisation import NORMALISATION, normalise
from corpus_tools.transcription.recogniser import Recogniser, Recognition
from corpus_tools.transcription.store import is_current, put_transcripts
from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.records import Clip, TextSource, Transcript
from manifests.store import fingerprint, inside

__all__ = ["RecognisedTexts"]


class RecognisedTexts:
    """A recogniser set to work on the clips of a corpus.

    Args:
        corpus: the corpus folder.
        recogniser: what listens.
        source: how its texts are filed.
        language: what is spoken.
        thresholds: of the flags.
    """

    def __init__(
        self,
        corpus: Path,
        recogniser: Recogniser,
        source: TextSource,
        language: str | None,
        thresholds: Thresholds,
    ) -> None:
        self.corpus = corpus
        self.recogniser = recogniser
        self.source = source
        self.language = language
        self.thresholds = thresholds
        self.origin = f"{source}:{recogniser.name}"

    def is_current(self, material: SourceClips) -> bool:
        """Return whether the source's texts are there, from the same clips and parameters."""
        return is_current(self.corpus, material.source_id, self.origin, self._inputs(material))

    def put(self, material: SourceClips, outcome: Outcome) -> None:
        """Recognise a source's wanted clips and write what comes of it.

        A clip that can't be read is noted as a failure, and tried again in the next run.

        Raises:
            CorpusError: if the recogniser can't work at all.
        """
        readable: list[Clip] = []
        waves = []
        for clip in material.wanted:
            try:
                waves.append(_wave(inside(self.corpus, clip.path)))
                readable.append(clip)
            except DataError as error:
                outcome.fail(clip.clip_id, str(error))
        heard = self.recogniser.transcribe(waves, self.language)
        inputs = self._inputs(material)
        if len(readable) < len(material.wanted):
            inputs["missing"] = len(material.wanted) - len(readable)
        records = self._transcripts(readable, heard)
        put_transcripts(self.corpus, material.source_id, self.origin, records, inputs)

    def _transcripts(self, clips: Sequence[Clip], heard: Sequence[Recognition]) -> list[Transcript]:
        return [self._transcript(clip, one) for clip, one in zip(clips, heard, strict=True)]

    def _transcript(self, clip: Clip, heard: Recognition) -> Transcript:
        flags = flag_text(
            heard.text, clip.duration, heard.avg_logprob, heard.no_speech_prob, self.thresholds
        )
        return Transcript(
            clip_id=clip.clip_id,
            text="" if FATAL & set(flags) else normalise(heard.text),
            text_raw=heard.text,
            source=self.source,
            model=self.recogniser.name,
            language=heard.language or self.language,
            avg_logprob=heard.avg_logprob,
            no_speech_prob=heard.no_speech_prob,
            compression_ratio=heard.compression_ratio,
            flags=flags,
        )

    def _inputs(self, material: SourceClips) -> dict[str, Any]:
        return {
            "clips": fingerprint([[clip.clip_id, clip.sha256] for clip in material.wanted]),
            "guards": guards_version(),
            "language": self.language,
            "normalisation": NORMALISATION,
            "parameters": self.recogniser.parameters,
            "thresholds": asdict(self.thresholds),
        }


def _wave(path: Path) -> NDArray[np.float32]:
    return read_wav(path).astype(np.float32) / np.float32(32768)
