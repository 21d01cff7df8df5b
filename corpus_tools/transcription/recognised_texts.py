"""Transcripts from a speech recogniser: its words, the flags on them, and what is left."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.wav import read_wav
from corpus_tools.transcription.asking import run_recogniser
from corpus_tools.transcription.batching import batched, chunked
from corpus_tools.transcription.flagging import Flagger
from corpus_tools.transcription.material import SourceClips
from corpus_tools.transcription.recogniser import Recogniser, Recognition, Word
from corpus_tools.transcription.store import (
    is_current,
    put_transcripts,
    read_transcripts,
    stored_inputs,
    transcript_origin,
)
from corpus_tools.transcription.windows import WINDOW_VERSION, join_clips, plan_windows
from corpus_tools.transcription.words import split_recognition
from manifests.errors import ConfigurationError, DataError
from manifests.outcome import Outcome
from manifests.records import Clip, TextSource, Transcript
from manifests.store import canonical_json, fingerprint, inside

__all__ = ["ClipTranscriber"]

Context = Literal["clip", "window"]


class ClipTranscriber:
    """A recogniser set to work on the clips of a corpus.

    Args:
        corpus: the corpus folder.
        recogniser: what listens.
        source: how its texts are filed.
        language: what is spoken.
        flagging: how its texts are judged.
        context: whether it hears each clip by itself, or those of a window together.
        batch_size: clips or windows that it is given at once.
    """

    def __init__(
        self,
        corpus: Path,
        recogniser: Recogniser,
        source: TextSource,
        language: str | None,
        flagging: Flagger,
        context: Context = "clip",
        batch_size: int = 8,
    ) -> None:
        self.corpus = corpus
        self.recogniser = recogniser
        self.source = source
        self.language = language
        self.flagging = flagging
        self.context = context
        self.batch_size = batch_size
        self.origin = f"{source}:{recogniser.name}"

    def chunks(self, material: Sequence[SourceClips]) -> Iterator[list[SourceClips]]:
        """Yield the sources in groups to be heard together, so that small ones fill a batch."""
        yield from chunked(material, lambda one: len(self._windows(one)), self.batch_size)

    def is_current(self, material: SourceClips) -> bool:
        """Return whether the source's texts are there, from the same clips and parameters.

        Raises:
            DataError: if its shard can't be read.
        """
        return is_current(self.corpus, material.source_id, self.origin, self._inputs(material))

    def put(
        self, chunk: Sequence[SourceClips], outcome: Outcome, advance: Callable[[int], None]
    ) -> list[str]:
        """Recognise the wanted clips of some sources and write what comes of it.

        Each source's shard is written whole, and left alone if its texts are there already. A clip
        that can't be read, or a shard, is noted as a failure and tried again in the next run.

        Args:
            chunk: the sources.
            outcome: gets the failures.
            advance: told after each batch how many clips it had.

        Returns:
            The ids of the sources whose texts are there now.

        Raises:
            CorpusError: if the recogniser can't work at all.
        """
        heard: dict[str, Recognition] = {}
        windows = [window for one in chunk for window in self._windows(one)]
        for batch in batched(windows, self.batch_size):
            heard |= self._heard(batch, outcome)
            advance(sum(map(len, batch)))
        done = []
        for one in chunk:
            records = [
                self._raw(clip, heard[clip.clip_id]) for clip in one.wanted if clip.clip_id in heard
            ]
            inputs = self._inputs(one)
            if len(records) < len(one.wanted):
                inputs["missing"] = len(one.wanted) - len(records)
            try:
                self._put(one, records, inputs)
                done.append(one.source_id)
            except DataError as error:
                outcome.fail(one.source_id, str(error))
        return done

    def reflag(self, material: SourceClips) -> bool:
        """Flag and normalise what was heard already, and return whether that is all it needed.

        Raises:
            DataError: if the source's shard can't be read.
        """
        inputs = self._inputs(material)
        known = stored_inputs(self.corpus, material.source_id, self.origin)
        judged = self.flagging.inputs.keys()
        if known is None or _without(known, judged) != _without(inputs, judged):
            return False
        texts = read_transcripts(self.corpus, material.source_id)
        self._put(material, [one for one in texts if transcript_origin(one) == self.origin], inputs)
        return True

    def _put(
        self, material: SourceClips, heard: Sequence[Transcript], inputs: dict[str, Any]
    ) -> None:
        seconds = {clip.clip_id: clip.duration for clip in material.wanted}
        records = self.flagging.apply(heard, seconds)
        put_transcripts(self.corpus, material.source_id, self.origin, records, inputs)

    def _windows(self, material: SourceClips) -> list[list[Clip]]:
        if self.context == "window":
            return plan_windows(material.wanted)
        return [[clip] for clip in material.wanted]

    def _heard(self, batch: Sequence[list[Clip]], outcome: Outcome) -> dict[str, Recognition]:
        """Return what is said in the clips of some windows, by clip id."""
        readable = [pairs for window in batch if (pairs := list(self._waves(window, outcome)))]
        windows = [[clip for clip, _ in pairs] for pairs in readable]
        sounds = [join_clips(*zip(*pairs, strict=True)) for pairs in readable]
        if not sounds:
            return {}
        heard = run_recogniser(self.recogniser, [wave for wave, _ in sounds], self.language)
        return {
            clip.clip_id: mine
            for window, (_, spans), one in zip(windows, sounds, heard, strict=True)
            for clip, mine in zip(window, self._of_clips(one, spans), strict=True)
        }

    def _of_clips(self, heard: Recognition, spans: Sequence[tuple[float, float]]) -> Any:
        if self.context == "clip":
            return [heard]
        if heard.words is None and heard.text:
            raise ConfigurationError(
                f"{self.recogniser.name} gives no times of words, without which a window can't be "
                f"divided; use --context clip"
            )
        return split_recognition(heard, spans)

    def _waves(
        self, clips: Sequence[Clip], outcome: Outcome
    ) -> Iterator[tuple[Clip, NDArray[np.float32]]]:
        for clip in clips:
            try:
                samples = read_wav(inside(self.corpus, clip.path), clip.sha256)
            except DataError as error:
                outcome.fail(clip.clip_id, str(error))
            else:
                yield clip, samples.astype(np.float32) / np.float32(32768)

    def _raw(self, clip: Clip, heard: Recognition) -> Transcript:
        return Transcript(
            clip_id=clip.clip_id,
            text="",
            text_raw=heard.text,
            source=self.source,
            model=self.recogniser.name,
            language=heard.language or self.language,
            avg_logprob=_finite(heard.avg_logprob),
            no_speech_prob=_finite(heard.no_speech_prob),
            compression_ratio=_finite(heard.compression_ratio),
            words=None if heard.words is None else [_row(word, clip) for word in heard.words],
            flags=list(heard.flags),
        )

    def _inputs(self, material: SourceClips) -> dict[str, Any]:
        return {
            "clips": fingerprint([[clip.clip_id, clip.sha256] for clip in material.wanted]),
            "context": f"window {WINDOW_VERSION}" if self.context == "window" else "clip",
            "language": self.language,
            "parameters": self.recogniser.parameters,
            **self.flagging.inputs,
        }


def _without(inputs: Mapping[str, Any], keys: Collection[str]) -> str:
    return canonical_json({key: value for key, value in inputs.items() if key not in keys})


def _row(word: Word, clip: Clip) -> tuple[float, float, str, float | None]:
    """Return a word as it is kept: on the source's timeline, in the clip, in milliseconds."""
    start, end = (
        min(max(round(clip.start + time, 3), clip.start), clip.end)
        for time in (word.start, word.end)
    )
    probability = _finite(word.probability)
    return start, end, word.text, None if probability is None else round(probability, 4)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
