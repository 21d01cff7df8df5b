"""Flags and normalisation of recognised texts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from corpus_tools.transcription.guards import (
    EMPTYING,
    REPEATED,
    Flag,
    Thresholds,
    flag_text,
    guards_version,
)
from corpus_tools.transcription.hallucinations import KnownHallucinations
from corpus_tools.transcription.normalisation import NORMALISATION, normalise
from corpus_tools.transcription.repetition import repeated_texts
from manifests.records import Transcript

__all__ = ["Flagger"]


@dataclass(frozen=True)
class Flagger:
    """Guards on recognised texts, which can be applied again without the recogniser.

    Attributes:
        thresholds: thresholds of the guards.
        known: known hallucinations, None for the bundled ones.
        emptying: flags that empty a text.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    known: KnownHallucinations | None = None
    emptying: Sequence[Flag] = EMPTYING

    @property
    def inputs(self) -> dict[str, Any]:
        """JSON-ready inputs of the flags and texts, apart from the recognition."""
        return {
            "guards": guards_version(self.known, self.emptying),
            "normalisation": NORMALISATION,
            "thresholds": asdict(self.thresholds),
        }

    def apply(
        self, transcripts: Sequence[Transcript], seconds: Mapping[str, float]
    ) -> list[Transcript]:
        """Return a source's transcripts with new flags and texts, from their raw texts.

        Args:
            transcripts: transcripts of the clips of one source; their old texts and guard flags are
                replaced, other flags are kept.
            seconds: duration of each clip, by clip id.
        """
        raw = {record.clip_id: record.text_raw for record in transcripts}
        repeated = repeated_texts(raw, self.thresholds.max_repeats)
        return [
            self._flagged(record, seconds[record.clip_id], record.clip_id in repeated)
            for record in transcripts
        ]

    def _flagged(self, record: Transcript, seconds: float, repeated: bool) -> Transcript:
        found = flag_text(
            record.text_raw,
            seconds,
            record.avg_logprob,
            record.no_speech_prob,
            self.thresholds,
            self.known,
        )
        flags = {*found, *([REPEATED] if repeated else [])}
        text = "" if flags & {*self.emptying} else normalise(record.text_raw, record.language)
        others = {*record.flags} - {*get_args(Flag)}
        return record.changed(text=text, flags=sorted({*flags, *others}))
