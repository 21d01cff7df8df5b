"""Flags and normalisation of recognised texts, based on characters, not words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from corpus_tools.configuration.transcribe import EMPTYING, Flag
from corpus_tools.subtitles.credits import is_credit
from corpus_tools.transcription.guards.hallucinations import (
    KnownHallucinations,
    has_loop,
    is_echo,
    letters_only,
    redundancy,
    repeated_texts,
    spoken_units,
)
from corpus_tools.transcription.text.normalise import NORMALISATION, normalise
from manifests.base.outcome import listed
from manifests.storage.records import Transcript
from manifests.storage.store import fingerprint

__all__ = ["Flagger", "Thresholds", "doubtful_texts", "flag_text", "guards_version"]

REPEATED: Flag = "repeated_text"
"""Flag of a text that too many clips of the same source have."""

_ALGORITHM = 5  # version, raised whenever the same text gets different flags


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of the guards.

    Attributes:
        max_rate: Chinese characters, or triples of other letters, per second; fast Mandarin has 8.
        max_compression: units per new piece, see `redundancy`; of 12,424 lines of drama dialogue
            one is above 2, none above 2.4.
        max_no_speech: probability of no speech (Whisper's 0.6); applies below half of
            ``min_logprob``.
        min_logprob: mean log-probability of the tokens (Whisper's -1.0).
        empty_logprob: the same below which a text is emptied.
        max_repeats: clips of a source with the same text of five characters or more.
    """

    max_rate: float = 12.0
    max_compression: float = 2.4
    max_no_speech: float = 0.6
    min_logprob: float = -1.0
    empty_logprob: float = -2.0
    max_repeats: int = 4


def flag_text(
    text: str,
    seconds: float,
    avg_logprob: float | None = None,
    no_speech_prob: float | None = None,
    thresholds: Thresholds = Thresholds(),
    known: KnownHallucinations | None = None,
    prompt: str = "",
) -> list[str]:
    """Return the flags of a recognised text of a clip of some seconds, sorted.

    ``char_loop``: a stretch is repeated many times in a row. ``compression``: the text is more
    repetitive than speech. ``improbable``: very low confidence of the recogniser.
    ``known_hallucination``: text that Whisper is known to output for silence, such as credits (by
    default the bundled list). ``low_logprob``: low confidence of the recogniser. ``no_speech``: the
    recogniser detected no speech and has low confidence. ``no_words``: only punctuation, or a
    remark in brackets. ``prompt_echo``: the text is a run of the prompt. ``too_fast``: more text
    than can be spoken in that time.

    Example:
        >>> flag_text("谢谢观看", 4.0), flag_text("谢谢你哦", 4.0)
        (['known_hallucination'], [])
        >>> flag_text("啊好" * 30, 4.0), flag_text("No no no no no no no no!", 4.0)
        (['char_loop', 'compression', 'too_fast'], [])
    """
    unsure = avg_logprob is not None and avg_logprob < thresholds.min_logprob
    certain = avg_logprob is not None and avg_logprob >= thresholds.min_logprob / 2
    silent = no_speech_prob is not None and no_speech_prob > thresholds.max_no_speech
    spoken = letters_only(_REMARK.sub("", text))
    flags = {
        "char_loop": has_loop(text, unsure=unsure),
        "compression": redundancy(text) > thresholds.max_compression,
        "improbable": avg_logprob is not None and avg_logprob < thresholds.empty_logprob,
        "known_hallucination": (known or KnownHallucinations.bundled()).holds(text)
        or is_credit(text),
        "low_logprob": unsure,
        "no_speech": silent and not certain,
        "no_words": not spoken,
        "prompt_echo": is_echo(text, prompt),
        "too_fast": spoken_units(spoken) > thresholds.max_rate * seconds,
    }
    return [name for name, raised in flags.items() if raised]


def guards_version(
    known: KnownHallucinations | None = None, emptying: Sequence[str] = EMPTYING, prompt: str = ""
) -> str:
    """Return the fingerprint of the guards: algorithm, hallucinations, emptying flags, prompt."""
    phrases = (known or KnownHallucinations.bundled()).phrases
    return fingerprint([_ALGORITHM, sorted(phrases), sorted(emptying), prompt])[:16]


_REMARK = re.compile(
    r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|﹝[^﹝﹞]*﹞|\{[^{}]*\}|<[^<>]*>"
    r"|\*[^*]+\*|[♪♫][^♪♫]*[♪♫]?"
)


def doubtful_texts(records: Iterable[Transcript], origin: str) -> str | None:
    """Return a warning about texts that nobody may have said (``origin``: "of a.csv"), if any."""
    found = [record for record in records if {*record.flags} & _INVENTED]
    if not found:
        return None
    why = ", ".join(sorted({flag for record in found for flag in record.flags} & _INVENTED))
    return (
        f"{len(found)} {'text' if len(found) == 1 else 'texts'} {origin} may be invented by a "
        f"recogniser, or be credits ({why.replace('_', ' ')}), and were kept with flags; check "
        f"{listed(record.clip_id for record in found)}"
    )


_INVENTED: frozenset[Flag] = frozenset(
    {"char_loop", "compression", "improbable", "known_hallucination", "no_words", "repeated_text"}
)


@dataclass(frozen=True)
class Flagger:
    """Guards on recognised texts, which can be applied again without the recogniser.

    ``known`` is None for the bundled hallucinations; flags in ``emptying`` empty a text.
    ``prompt`` is what the recogniser got as preceding speech, words of a lexicon included.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    known: KnownHallucinations | None = None
    emptying: Sequence[Flag] = EMPTYING
    prompt: str = ""

    @property
    def inputs(self) -> dict[str, Any]:
        """JSON-ready inputs of the flags and texts, apart from the recognition."""
        return {
            "guards": guards_version(self.known, self.emptying, self.prompt),
            "normalisation": NORMALISATION,
            "thresholds": asdict(self.thresholds),
        }

    def apply(
        self, transcripts: Sequence[Transcript], seconds: Mapping[str, float]
    ) -> list[Transcript]:
        """Return a source's transcripts with new texts and guard flags, from their raw texts.

        Other flags are kept. ``seconds`` has the duration of each clip by clip id.
        """
        raw = {record.clip_id: record.text_raw for record in transcripts}
        repeated = repeated_texts(raw, self.thresholds.max_repeats)
        return [
            self._flagged(record, seconds[record.clip_id], record.clip_id in repeated)
            for record in transcripts
        ]

    def flag(
        self, transcripts: Sequence[Transcript], seconds: Mapping[str, float]
    ) -> list[Transcript]:
        """Return a source's texts of people, subtitles or files with guard flags added.

        No text is emptied, as `apply` does, since a person may have checked it.
        """
        repeated = repeated_texts(
            {record.clip_id: record.text for record in transcripts}, self.thresholds.max_repeats
        )
        return [
            record.changed(
                flags=[
                    *record.flags,
                    *flag_text(
                        record.text or record.text_raw,
                        seconds[record.clip_id],
                        record.avg_logprob,
                        record.no_speech_prob,
                        self.thresholds,
                        self.known,
                    ),
                    *([REPEATED] if record.clip_id in repeated else []),
                ]
            )
            for record in transcripts
        ]

    def _flagged(self, record: Transcript, seconds: float, repeated: bool) -> Transcript:
        limits, logprob = self.thresholds, record.avg_logprob
        found = flag_text(
            record.text_raw,
            seconds,
            logprob,
            record.no_speech_prob,
            limits,
            self.known,
            self.prompt,
        )
        # people repeat sentences, too: only an uncertain recogniser makes that suspect
        suspect = repeated and (logprob is None or logprob < limits.min_logprob)
        flags = {*found, *([REPEATED] if suspect else [])}
        emptying = {*self.emptying} - ({REPEATED} if logprob is None else set())
        text = "" if flags & emptying else normalise(record.text_raw, record.language)
        others = {*record.flags} - {*get_args(Flag)}
        return record.changed(text=text, flags=sorted({*flags, *others}))
