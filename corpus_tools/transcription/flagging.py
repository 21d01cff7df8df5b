"""From what a recogniser heard to the texts of a source: flagged, emptied, in one spelling."""

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
    """How recognised texts are judged; nothing has to be heard again to judge them anew.

    Attributes:
        thresholds: where a text becomes doubtful.
        known: inventions to look for; None for those that come with the package.
        emptying: flags that empty a text.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    known: KnownHallucinations | None = None
    emptying: Sequence[Flag] = EMPTYING

    @property
    def inputs(self) -> dict[str, Any]:
        """JSON-ready: what the flags and texts depend on, beside what was heard."""
        return {
            "guards": guards_version(self.known, self.emptying),
            "normalisation": NORMALISATION,
            "thresholds": asdict(self.thresholds),
        }

    def apply(self, heard: Sequence[Transcript], seconds: Mapping[str, float]) -> list[Transcript]:
        """Return a source's texts as its raw texts and their probabilities make them.

        Args:
            heard: of the clips of one source, whatever their flags and texts were; flags that no
                guard raises are kept.
            seconds: how long the clips are, by clip id.
        """
        raw = {one.clip_id: one.text_raw for one in heard}
        repeated = repeated_texts(raw, self.thresholds.max_repeats)
        return [self._flagged(one, seconds[one.clip_id], one.clip_id in repeated) for one in heard]

    def _flagged(self, one: Transcript, seconds: float, repeated: bool) -> Transcript:
        found = flag_text(
            one.text_raw,
            seconds,
            one.avg_logprob,
            one.no_speech_prob,
            self.thresholds,
            self.known,
        )
        flags = {*found, *([REPEATED] if repeated else [])}
        text = "" if flags & {*self.emptying} else normalise(one.text_raw, one.language)
        others = {*one.flags} - {*get_args(Flag)}
        return one.changed(text=text, flags=sorted({*flags, *others}))
