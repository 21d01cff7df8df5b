"""Settings of training that are given for one run: a TOML file, or single keys."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from manifests.errors import ConfigurationError
from models.settings import TrainSettings

__all__ = ["apply_overrides"]


def apply_overrides(
    base: TrainSettings, file: Path | None = None, single: Iterable[str] = ()
) -> TrainSettings:
    """Return settings with what a file says in place of theirs, and single keys in place of both.

    The ``config.toml`` of a run says everything, keys that are not set included, so nothing of
    ``base`` is left then: the run can be repeated whatever corpus.toml says today.

    Args:
        base: what corpus.toml says.
        file: TOML with a table ``train``, or with the keys of one.
        single: such as ``audio.hidden=64``; the value as in TOML, where a text needs no quotes.
            ``patience=none``, or nothing after the sign, unsets a key that may be without a value.

    Raises:
        ConfigurationError: if the file can't be read, or a key or value doesn't fit.

    Example:
        >>> apply_overrides(TrainSettings(), single=["audio.hidden=32", "keep=best"]).audio.hidden
        32
    """
    if file is not None:
        table, whole = _read(file)
        base = (TrainSettings() if whole else base).changed(**_known(table, str(file)))
    for one in single:
        values = _known(_parsed(one), f"--set {one}")
        unset = {key: None for key, value in values.items() if value is None}
        base = base.changed(**values).model_copy(update=unset)
    return base


def _read(file: Path) -> tuple[dict[str, Any], bool]:
    """Return the keys in a file, and whether it is a run's, which has them all."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}: not valid TOML: {error}") from error
    keys = table.get("train", table)
    if not isinstance(keys, dict):
        raise ConfigurationError(f"{file}: train is no table; write its keys below [train]")
    return keys, "run" in table and "train" in table


def _parsed(one: str) -> dict[str, Any]:
    key, equals, text = one.partition("=")
    if not equals or not all(part.isidentifier() for part in key.strip().split(".")):
        raise ConfigurationError(f"--set {one}: expected KEY=VALUE, such as audio.hidden=64")
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        found = {}
    value = found["value"] if found.keys() == {"value"} else text.strip()
    first, *inner = parts = key.strip().split(".")
    if value in _UNSET and _may_be_unset(parts):
        value = None
    for part in reversed(inner):
        value = {part: value}
    return {first: value}


def _may_be_unset(parts: Iterable[str]) -> bool:
    default: Any = TrainSettings().model_dump()
    for part in parts:
        if not isinstance(default, dict) or part not in default:
            return False
        default = default[part]
    return default is None


def _known(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the values, whose keys and those of their sections there are."""
    defaults = TrainSettings().model_dump()
    for key, value in values.items():
        inner = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(inner, dict):
            for name in value:
                _check(f"{key}.", name, inner, where)
        else:
            _check("", key, defaults, where)
    return dict(values)


def _check(section: str, key: str, known: Mapping[str, Any], where: str) -> None:
    if key in known:
        return
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
    raise ConfigurationError(
        f"{where}: unknown key '{section}{key}'; did you mean '{section}{near}'?"
    )


_UNSET = ("", "none", "null")
