"""Transcription of a corpus's clips with a recogniser and its guards."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.wav import read_wav
from corpus_tools.transcription.assign import split_recognition
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.recognisers.base import (
    Recogniser,
    Recognition,
    Word,
    run_recogniser,
)
from corpus_tools.transcription.recognisers.batching import batched, chunked
from corpus_tools.transcription.store import (
    SourceClips,
    is_current,
    put_transcripts,
    read_transcripts,
    stored_inputs,
    transcript_origin,
)
from corpus_tools.transcription.windows import WINDOW_VERSION, ClipSpan, join_clips, plan_windows
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip, TextSource, Transcript
from manifests.storage.store import canonical_json, fingerprint, inside

__all__ = ["ClipTranscriber"]

Context = Literal["clip", "window"]


class ClipTranscriber:
    """Transcriber of the clips of a corpus, with guards on the texts (``flagging``).

    ``context`` says whether to transcribe each ``clip`` alone, or the clips of a ``window``
    together; a batch has ``batch_size`` clips or windows. Without a language, it is detected.
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
        """Yield groups of sources to transcribe together, so that small ones fill a batch."""
        yield from chunked(material, lambda source: len(self._windows(source)), self.batch_size)

    def is_current(self, material: SourceClips) -> bool:
        """Return whether a source has texts from the same clips and parameters."""
        return is_current(self.corpus, material.source_id, self.origin, self._inputs(material))

    def put(
        self, chunk: Sequence[SourceClips], outcome: Outcome, advance: Callable[[int], None]
    ) -> list[str]:
        """Transcribe the wanted clips of sources; return the sources that have transcripts now.

        Each source's shard is written whole unless it is current. A clip or shard that can't be
        read is a failure and tried again in the next run. ``advance`` gets the number of clips of
        each batch. Raise CorpusError if the recogniser fails.
        """
        recognitions: dict[str, Recognition] = {}
        windows = [window for source in chunk for window in self._windows(source)]
        for batch in batched(windows, self.batch_size):
            recognitions |= self._recognise(batch, outcome)
            advance(sum(map(len, batch)))
        done = []
        for source in chunk:
            records = [
                self._raw_transcript(clip, recognitions[clip.clip_id])
                for clip in source.wanted
                if clip.clip_id in recognitions
            ]
            inputs = self._inputs(source)
            if len(records) < len(source.wanted):
                inputs["missing"] = len(source.wanted) - len(records)
            try:
                self._put(source, records, inputs)
                done.append(source.source_id)
            except DataError as error:
                outcome.fail(source.source_id, str(error))
        return done

    def reflag(self, material: SourceClips) -> bool:
        """Flag and normalise existing texts anew; return False if they must be recognised again."""
        inputs = self._inputs(material)
        known = stored_inputs(self.corpus, material.source_id, self.origin)
        flag_inputs = self.flagging.inputs.keys()
        if known is None or _without(known, flag_inputs) != _without(inputs, flag_inputs):
            return False
        texts = read_transcripts(self.corpus, material.source_id)
        own = [text for text in texts if transcript_origin(text) == self.origin]
        self._put(material, own, inputs)
        return True

    def _put(
        self, material: SourceClips, raw: Sequence[Transcript], inputs: dict[str, Any]
    ) -> None:
        seconds = {clip.clip_id: clip.duration for clip in material.wanted}
        records = self.flagging.apply(raw, seconds)
        put_transcripts(self.corpus, material.source_id, self.origin, records, inputs)

    def _windows(self, material: SourceClips) -> list[list[Clip]]:
        if self.context == "window":
            return plan_windows(material.wanted)
        return [[clip] for clip in material.wanted]

    def _recognise(self, batch: Sequence[list[Clip]], outcome: Outcome) -> dict[str, Recognition]:
        """Return the recognition of each clip in some windows, by clip id.

        A decoder may stop long before a window's end, above all where people say one sentence
        again and again: the clips after its last word are a window of their own then.
        """
        windows = [pairs for window in batch if (pairs := list(self._read_waves(window, outcome)))]
        found: dict[str, Recognition] = {}
        while windows:
            sounds = [join_clips(*zip(*pairs, strict=True)) for pairs in windows]
            texts = run_recogniser(self.recogniser, [wave for wave, _ in sounds], self.language)
            unread = []
            for pairs, (wave, spans), text in zip(windows, sounds, texts, strict=True):
                parts = self._split(text, wave, spans)
                for (clip, _), part in zip(pairs, parts, strict=True):
                    found[clip.clip_id] = part
                unread.append(pairs[_count_read(parts) :])
            windows = [pairs for pairs in unread if pairs]
        return found

    def _split(
        self, recognition: Recognition, wave: NDArray[np.float32], spans: Sequence[ClipSpan]
    ) -> Sequence[Recognition]:
        if self.context == "clip":
            return [recognition]
        if recognition.words is None and recognition.text:
            raise ConfigurationError(
                f"{self.recogniser.name} gives no word times, which are needed to divide a window "
                f"into clips; use --context clip"
            )
        return split_recognition(recognition, wave, spans)

    def _read_waves(
        self, clips: Sequence[Clip], outcome: Outcome
    ) -> Iterator[tuple[Clip, NDArray[np.float32]]]:
        for clip in clips:
            try:
                samples = read_wav(inside(self.corpus, clip.path), clip.sha256)
            except DataError as error:
                outcome.fail(clip.clip_id, str(error))
            else:
                yield clip, samples.astype(np.float32) / np.float32(32768)

    def _raw_transcript(self, clip: Clip, recognition: Recognition) -> Transcript:
        return Transcript(
            clip_id=clip.clip_id,
            text="",
            text_raw=recognition.text,
            source=self.source,
            model=self.recogniser.name,
            language=recognition.language or self.language,
            avg_logprob=_finite(recognition.avg_logprob),
            no_speech_prob=_finite(recognition.no_speech_prob),
            compression_ratio=_finite(recognition.compression_ratio),
            words=None
            if recognition.words is None
            else [_word_row(word, clip) for word in recognition.words],
            flags=list(recognition.flags),
        )

    def _inputs(self, material: SourceClips) -> dict[str, Any]:
        return {
            "clips": fingerprint([[clip.clip_id, clip.sha256] for clip in material.wanted]),
            "context": f"window {WINDOW_VERSION}" if self.context == "window" else "clip",
            "language": self.language,
            "parameters": self.recogniser.parameters,
            **self.flagging.inputs,
        }


def _count_read(parts: Sequence[Recognition]) -> int:
    """Return the number of clips up to the last one with a text; all if none has one."""
    return max((n for n, part in enumerate(parts, 1) if part.text.strip()), default=len(parts))


def _without(inputs: Mapping[str, Any], keys: Collection[str]) -> str:
    return canonical_json({key: value for key, value in inputs.items() if key not in keys})


def _word_row(word: Word, clip: Clip) -> tuple[float, float, str, float | None]:
    """Return a word's row: times on the source's timeline, within the clip, to the millisecond."""
    start, end = (
        min(max(round(clip.start + time, 3), clip.start), clip.end)
        for time in (word.start, word.end)
    )
    probability = _finite(word.probability)
    return start, end, word.text, None if probability is None else round(probability, 4)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
