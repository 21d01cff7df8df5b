"""Command-line options of the form NAME=VALUE."""

from collections.abc import Iterable

from manifests.errors import ConfigurationError

__all__ = ["name_value_pairs"]


def name_value_pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """Return names and values of a repeatable option.

    Raises:
        ConfigurationError: for one without ``=``.

    Example:
        >>> name_value_pairs("--map", ["exc=happy", "joy = happy"])
        {'exc': 'happy', 'joy': 'happy'}
    """
    values = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (sign and name and value):
            raise ConfigurationError(f"{option} {text}: give it as {option} NAME=VALUE")
        values[name] = value
    return values
