"""In what the recorded inputs of a source's cuts differ from those that they would have now."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["describe_differences", "earlier_flags"]


def describe_differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return what differs, in words for the user.

    Example:
        >>> describe_differences({"parameters": {"margin": 0.1}}, {"parameters": {"margin": 0.2}})
        'margin is 0.2, was 0.1'
        >>> describe_differences({"subtitles": None}, {"subtitles": "5f0c"})
        'its subtitles are others'
        >>> describe_differences({"track": 0}, {"track": 0})
        'this version of corpus-tools cuts differently'
    """
    found = [
        f"{key} is {_shown(new)}, was {_shown(old)}"
        for key, old, new in _differing(earlier.get("parameters"), now.get("parameters"))
    ]
    found += [
        _WORDS.get(key, f"its {key.replace('_', ' ')} changed") for key in _changed(earlier, now)
    ]
    return "; ".join(found) or "this version of corpus-tools cuts differently"


def earlier_flags(earlier: Mapping[str, Any], now: Mapping[str, Any], flags: Iterable[str]) -> str:
    """Return the flags that give the earlier settings, empty if those don't make up for all.

    Args:
        earlier: inputs as recorded.
        now: as they would be.
        flags: settings that the command has a flag for.

    Example:
        >>> then, today = ({"parameters": {"max_seconds": most}} for most in (4.0, 5.0))
        >>> earlier_flags(then, today, ["max_seconds"])
        '--max-seconds 4.0'
    """
    settings = list(_differing(earlier.get("parameters"), now.get("parameters")))
    changed = _changed(earlier, now)
    known = set(flags)
    if changed or any(key not in known or old is None for key, old, _ in settings):
        return ""
    return " ".join(f"--{key.replace('_', '-')} {old}" for key, old, _ in settings)


def _changed(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs besides the settings and what follows from them."""
    settings = {key for key, *_ in _differing(earlier.get("parameters"), now.get("parameters"))}
    told = {"parameters", "voice"} if "detector" in settings else {"parameters"}
    return [key for key, *_ in _differing(earlier, now) if key not in told]


def _differing(earlier: Any, now: Any) -> Iterable[tuple[str, Any, Any]]:
    old, new = (one if isinstance(one, Mapping) else {} for one in (earlier, now))
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _shown(value: Any) -> str:
    return "not known" if value is None else str(value)


_WORDS = {
    "subtitles": "its subtitles are others",
    "weights": "the plan weighs otherwise",
    "voice": "the voice detector is of another version",
    "choices": "people chose other stretches",
    "hearing": "the settings of voice detection are others",
}
