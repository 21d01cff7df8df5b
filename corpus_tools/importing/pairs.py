"""Options of the form NAME=VALUE."""

from collections.abc import Iterable

from manifests.errors import ConfigurationError

__all__ = ["pairs"]


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """Return names and values of an option that may be given several times.

    Raises:
        ConfigurationError: for one without ``=``.

    Example:
        >>> pairs("--map", ["exc=happy", "joy = happy"])
        {'exc': 'happy', 'joy': 'happy'}
    """
    found = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (sign and name and value):
            raise ConfigurationError(f"{option} {text}: give it as {option} NAME=VALUE")
        found[name] = value
    return found
