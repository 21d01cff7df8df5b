"""Overrides of the training settings for one run: a TOML file or single keys."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.settings import Settings
from manifests.storage.checksums import read_whole
from models.config.train import TrainSettings, with_words

__all__ = ["apply_overrides"]


def apply_overrides(
    base: TrainSettings, file: Path | None = None, single: Iterable[str] = ()
) -> TrainSettings:
    """Return settings with the values of a file, then of single keys.

    The ``config.toml`` of a run sets every key, so it replaces ``base`` completely: the run can be
    repeated whatever corpus.toml says now.

    Args:
        base: settings of corpus.toml.
        file: TOML with a table ``train``, or with the keys of that table.
        single: assignments such as ``audio.hidden=64``, with TOML values; text needs no quotes.
            ``patience=none`` or ``patience=`` unsets a key with an optional value.

    Raises:
        ConfigurationError: if the file can't be read, or a key or value is invalid.

    Example:
        >>> apply_overrides(TrainSettings(), single=["audio.hidden=32", "keep=best"]).audio.hidden
        32
    """
    if file is not None:
        table, is_run = _read_overrides(file)
        base = (TrainSettings() if is_run else base).changed(**_check_keys(table, str(file)))
    for assignment in single:
        values = _check_keys(_parse_assignment(assignment), f"--set {assignment}")
        unset = {key: None for key, value in values.items() if value is None}
        base = base.changed(**values).model_copy(update=unset)
    return base


def _read_overrides(file: Path) -> tuple[dict[str, Any], bool]:
    """Return the keys of a file, and whether it is a run's, which has all keys."""
    try:
        table = tomllib.loads(read_text(file).replace("\r\n", "\n"))
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be read ({error.strerror})") from error
    except DataError as error:
        raise ConfigurationError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}: not valid TOML: {error}") from error
    if "run" in table:
        read_whole(file, "restore it from a copy; to change settings, copy it elsewhere")
    keys = table.get("train", table)
    if not isinstance(keys, dict):
        raise ConfigurationError(f"{file}: train is not a table; write its keys below [train]")
    return keys, "run" in table and "train" in table


def _parse_assignment(assignment: str) -> dict[str, Any]:
    key, equals, text = assignment.partition("=")
    if not equals or not all(part.isidentifier() for part in key.strip().split(".")):
        raise ConfigurationError(f"--set {assignment}: expected KEY=VALUE, such as audio.hidden=64")
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        table = {}
    value = table["value"] if table.keys() == {"value"} else text.strip()
    first, *inner = parts = key.strip().split(".")
    if first == "text":
        first = parts[0] = "words"
    if value in _UNSET and _is_optional(parts):
        value = None
    for part in reversed(inner):
        value = {part: value}
    return {first: value}


def _is_optional(parts: Iterable[str]) -> bool:
    default: Any = TrainSettings()
    for part in parts:
        if not isinstance(default, Settings) or part not in type(default).model_fields:
            return False
        default = getattr(default, part)
    return default is None


def _check_keys(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the values after checking that their keys exist."""
    try:
        values = with_words(dict(values))
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    for key, value in values.items():
        _check_key("", key, TrainSettings, where)
        section = TrainSettings.model_fields[key].annotation
        if (
            isinstance(value, Mapping)
            and isinstance(section, type)
            and issubclass(section, Settings)
        ):
            for name in value:
                _check_key(f"{key}.", name, section, where)
    return dict(values)


def _check_key(section: str, key: str, settings: type[Settings], where: str) -> None:
    known = settings.model_fields
    if key in known:
        return
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
    raise ConfigurationError(
        f"{where}: unknown key '{section}{key}'; did you mean '{section}{near}'?"
    )


_UNSET = ("", "none", "null")
