"""Parse and validate the answers of an annotation; Label Studio validates none."""

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from annotation.scheme.settings import CONTROLS, MAX_CONFIDENCE, PROBLEMS
from manifests.base.emotions import EMOTIONS, UNCLEAR, Emotion
from manifests.base.voices import is_nobody

__all__ = [
    "NO_ANSWER",
    "InvalidAnnotationError",
    "gc_paused",
    "identifier",
    "quoted",
    "read_answer",
]

MAX_TRANSCRIPT = 2000
_IDENTIFIER = re.compile(r"[\w.:-]{1,100}")
_EMAIL = re.compile(r"[^\s'\"]*@[^\s'\"]*")


class InvalidAnnotationError(Exception):
    """Annotation that can't be imported; ``kind`` is the category to count it in."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True)
class Answer:
    """Answers of one annotation, null where not given; the emotion is null for ``unclear``.

    Confidence is 1 to 3. Problems are in the order of the label configuration. ``origin`` is the
    emotion's: ``manual``, or kept or changed from a prediction. ``ignored`` are unknown controls.
    """

    emotion: Emotion | None
    emotion2: Emotion | None
    confidence: int | None
    transcript: str | None
    problems: list[str]
    speaker: str | None
    origin: str | None
    ignored: tuple[str, ...]


NO_ANSWER = Answer(None, None, None, None, [], None, None, ())
"""Answer of a skipped task."""


def read_answer(result: Any) -> Answer:
    """Parse an annotation's ``result``.

    Raises:
        InvalidAnnotationError: if the emotion is missing or unknown, or an answer doesn't fit its
            control.

    Example:
        >>> value = {"choices": ["sad"]}
        >>> read_answer([{"from_name": "emotion", "type": "choices", "value": value}]).emotion
        'sad'
    """
    items, ignored = _by_control(result)
    emotion = _one_of((*EMOTIONS, UNCLEAR), "emotion", items)
    if emotion is None:
        raise InvalidAnnotationError("malformed", "no emotion is selected")
    return Answer(
        emotion=None if emotion == UNCLEAR else cast(Emotion, emotion),
        emotion2=cast("Emotion | None", _one_of(EMOTIONS, "emotion2", items)),
        confidence=_confidence(items),
        transcript=_text("transcript", items),
        problems=_problems(items),
        speaker=_speaker(items),
        origin=identifier(items["emotion"].get("origin")),
        ignored=ignored,
    )


def identifier(value: Any) -> str | None:
    """Return an informative value if it is a short word without spaces or ``@``, else null."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def quoted(value: Any) -> str:
    """Return an untrusted value for an error message: short, escaped, without e-mail addresses.

    Example:
        >>> print(quoted("a@b.example"), quoted([1]), quoted("剧-1"))
        '<e-mail>' a list '剧-1'
    """
    if not isinstance(value, str | int):
        return f"a {type(value).__name__}"
    text = _EMAIL.sub("<e-mail>", repr(value)[:400])
    return text if len(text) <= 100 else text[:97] + "..."


def _by_control(result: Any) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    if not isinstance(result, list):
        raise InvalidAnnotationError("malformed", "its result isn't a list")
    items: dict[str, dict[str, Any]] = {}
    ignored = []
    for item in result:
        name = item.get("from_name") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise InvalidAnnotationError("malformed", "an item of its result has no control name")
        if name not in CONTROLS:
            ignored.append(name)
        elif name in items:
            raise InvalidAnnotationError("malformed", f"control '{name}' is answered twice")
        else:
            items[name] = item
    return items, tuple(ignored)


def _value(control: str, key: str, items: dict[str, dict[str, Any]]) -> Any:
    if control not in items:
        return None
    value = items[control].get("value")
    if not isinstance(value, dict) or key not in value:
        raise InvalidAnnotationError("malformed", f"the answer to '{control}' has no {key}")
    return value[key]


def _strings(control: str, key: str, items: dict[str, dict[str, Any]]) -> list[str]:
    value = _value(control, key, items)
    values = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(entry, str) for entry in values):
        raise InvalidAnnotationError(
            "malformed", f"the answer to '{control}' isn't a list of texts"
        )
    return values


def _one_of(known: Sequence[str], control: str, items: dict[str, dict[str, Any]]) -> str | None:
    values = _strings(control, "choices", items)
    if len(values) > 1:
        raise InvalidAnnotationError(
            "malformed", f"control '{control}' has {len(values)} answers, not one"
        )
    if values and values[0] not in known:
        raise InvalidAnnotationError(
            "not a class", f"{quoted(values[0])} isn't a value of '{control}': {', '.join(known)}"
        )
    return values[0] if values else None


def _problems(items: dict[str, dict[str, Any]]) -> list[str]:
    values = _strings("problems", "choices", items)
    for value in values:
        if value not in PROBLEMS:
            raise InvalidAnnotationError(
                "not a problem", f"{quoted(value)} isn't one of {', '.join(PROBLEMS)}"
            )
    return [problem for problem in PROBLEMS if problem in values]


def _confidence(items: dict[str, dict[str, Any]]) -> int | None:
    value = _value("confidence", "rating", items)
    if value in (None, 0):  # rating that was cleared again
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value not in range(1, MAX_CONFIDENCE + 1):
        raise InvalidAnnotationError(
            "malformed", f"confidence {quoted(value)} isn't 1 to {MAX_CONFIDENCE}"
        )
    return int(value)


_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _text(control: str, items: dict[str, dict[str, Any]]) -> str | None:
    text = _CONTROL_CHARACTERS.sub(" ", "\n".join(_strings(control, "text", items))).strip()
    if len(text) > MAX_TRANSCRIPT:
        raise InvalidAnnotationError(
            "malformed", f"'{control}' has {len(text)} characters; the limit is {MAX_TRANSCRIPT}"
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidAnnotationError(
            "malformed", f"'{control}' has an unpaired surrogate"
        ) from error
    return text or None


def _speaker(items: dict[str, dict[str, Any]]) -> str | None:
    value = items.get("speaker", {}).get("value")
    chosen = isinstance(value, dict) and "choices" in value
    speaker = _one_text(_strings("speaker", "choices" if chosen else "text", items))
    if speaker is not None and identifier(speaker) is None:
        raise InvalidAnnotationError("malformed", f"speaker {quoted(speaker)} isn't a speaker id")
    return None if speaker is None or is_nobody(speaker) else speaker


def _one_text(values: list[str]) -> str | None:
    if len(values) > 1:
        raise InvalidAnnotationError(
            "malformed", f"control 'speaker' has {len(values)} answers, not one"
        )
    return (values[0].strip() or None) if values else None


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector; records have no reference cycles.

    Each collection visits all records: more than half of the loading time of 300,000 judgements.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
