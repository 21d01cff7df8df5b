"""Differences between the recorded and the current inputs of a source's cuts."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["describe_differences", "earlier_flags"]


def describe_differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences between two inputs, for a message.

    Example:
        >>> describe_differences({"parameters": {"margin": 0.1}}, {"parameters": {"margin": 0.2}})
        'margin is 0.2, was 0.1'
        >>> describe_differences({"subtitles": None}, {"subtitles": "5f0c"})
        'its subtitles changed'
        >>> describe_differences({"track": 0}, {"track": 0})
        'this version of corpus-tools cuts differently'
    """
    changes = [
        f"{key} is {_in_message(new)}, was {_in_message(old)}"
        for key, old, new in _differing(earlier.get("parameters"), now.get("parameters"))
    ]
    changes += [
        _WORDS.get(key, f"its {key.replace('_', ' ')} changed") for key in _changed(earlier, now)
    ]
    return "; ".join(changes) or "this version of corpus-tools cuts differently"


def earlier_flags(earlier: Mapping[str, Any], now: Mapping[str, Any], flags: Iterable[str]) -> str:
    """Return the flags that restore the earlier settings, empty if flags can't restore them all.

    Args:
        earlier: recorded inputs.
        now: current inputs.
        flags: settings that the command has a flag for.

    Example:
        >>> then, today = ({"parameters": {"max_seconds": most}} for most in (4.0, 5.0))
        >>> earlier_flags(then, today, ["max_seconds"])
        '--max-seconds 4.0'
    """
    settings = list(_differing(earlier.get("parameters"), now.get("parameters")))
    changed = _changed(earlier, now)
    with_flag = set(flags)
    if changed or any(key not in with_flag or old is None for key, old, _ in settings):
        return ""
    return " ".join(f"--{key.replace('_', '-')} {old}" for key, old, _ in settings)


def _changed(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the keys that differ, except settings and what follows from them."""
    settings = {key for key, *_ in _differing(earlier.get("parameters"), now.get("parameters"))}
    described = {"parameters", "voice"} if "detector" in settings else {"parameters"}
    return [key for key, *_ in _differing(earlier, now) if key not in described]


def _differing(earlier: Any, now: Any) -> Iterable[tuple[str, Any, Any]]:
    old, new = (inputs if isinstance(inputs, Mapping) else {} for inputs in (earlier, now))
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _in_message(value: Any) -> str:
    return "not known" if value is None else str(value)


_WORDS = {
    "subtitles": "its subtitles changed",
    "weights": "the weights of the cut planner changed",
    "voice": "the version of the voice detector changed",
    "choices": "its regions or moved edges changed",
    "hearing": "the settings of voice detection changed",
}
