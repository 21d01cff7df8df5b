"""Base class of the sections of corpus.toml, and explanations of invalid settings."""

import json
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

__all__ = ["SettingProblem", "Settings", "setting_problem"]


class Settings(BaseModel):
    """Base of a section of corpus.toml: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


@dataclass(frozen=True)
class SettingProblem:
    """Problem of the first invalid setting.

    ``keys`` are its section and name, or the section alone where several settings are involved;
    ``text`` follows the name: `` is 9; it must be a whole number from 0 to 3``.
    """

    keys: tuple[str, ...]
    text: str
    unknown: bool = False


def setting_problem(model: type[BaseModel], error: ValidationError) -> SettingProblem:
    """Return the problem of the first invalid setting of a settings class."""
    first = error.errors()[0]
    location = list(first["loc"])
    keys = tuple(part for part in location if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        return SettingProblem(keys, " is unknown", unknown=True)
    if first["type"] == "value_error":
        reason = first["msg"].removeprefix("Value error, ")
        together = isinstance(first["input"], dict)
        return SettingProblem(
            keys, f": {reason}" if together else f" is {_shown(first['input'])}: {reason}"
        )
    if first["type"] == "missing":
        location.pop()
    field, entries = _field(model, location)
    entry = "".join(f", entry {number + 1}," for number in entries)
    value = _shown(first["input"])
    return SettingProblem(keys, f"{entry} is {value}; it must be {_in_words(*field)}")


def _field(
    model: Any, location: Sequence[int | str]
) -> tuple[tuple[Any, Sequence[Any]], list[int]]:
    """Return type and limits of the setting at a location, and the list indices on the way."""
    kind: Any = model
    limits: Sequence[Any] = ()
    entries = []
    for part in location:
        if isinstance(part, str):
            field = kind.model_fields[part]
            kind, limits = _plain(field.annotation), field.metadata
        else:
            arguments = [argument for argument in get_args(kind) if argument is not Ellipsis]
            kind, limits = _split(arguments[min(part, len(arguments) - 1)])
            entries.append(part)
    return (kind, limits), entries


def _plain(kind: Any) -> Any:
    """Return a type without its ``| None``."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (argument for argument in get_args(kind) if argument is not type(None))
    return kind


def _split(kind: Any) -> tuple[Any, list[Any]]:
    """Return a type without its annotations, and the limits that they give."""
    if get_origin(kind) is not Annotated:
        return _plain(kind), []
    kind, *notes = get_args(kind)
    limits = [
        limit
        for note in notes
        for limit in (note.metadata if isinstance(note, FieldInfo) else [note])
    ]
    return _plain(kind), limits


def _in_words(kind: Any, limits: Iterable[Any]) -> str:
    if get_origin(kind) is Literal:
        return _either([str(value) for value in get_args(kind)])
    if get_origin(kind) in (tuple, list):
        nonempty = any(getattr(limit, "min_length", 0) for limit in limits)
        return _list_in_words(get_args(kind)) + (", not empty" if nonempty else "")
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "a section"
    range_ = _range(limits)
    name = _TYPES.get(kind, "as described on the reference page")
    return f"{name} {range_}" if range_ else name


def _list_in_words(arguments: tuple[Any, ...]) -> str:
    kind, limits = _split(arguments[0])
    if get_origin(kind) is Literal:
        return f"a list of {_in_words(kind, limits)}"
    several = _in_words(kind, limits).replace("number", "numbers", 1).replace("text", "texts", 1)
    several = several.removeprefix("a ")
    count = "" if len(arguments) == 1 or arguments[1] is Ellipsis else f"{len(arguments)} "
    return f"a list of {count}{several}"


def _range(limits: Iterable[Any]) -> str:
    """Return the permitted range in words."""
    values = {
        name: getattr(limit, name) for limit in limits for name in _LIMITS if hasattr(limit, name)
    }
    bounds = {
        name: f"{value}" if isinstance(value, int) else f"{value:g}"
        for name, value in values.items()
    }
    if "ge" in bounds and "le" in bounds:
        return f"from {bounds['ge']} to {bounds['le']}"
    if "gt" in bounds and "le" in bounds:
        return f"above {bounds['gt']}, up to {bounds['le']}"
    if "ge" in bounds and "lt" in bounds:
        return f"from {bounds['ge']} to below {bounds['lt']}"
    return " and ".join(f"{_LIMITS[name]} {bounds[name]}" for name in _LIMITS if name in bounds)


def _either(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


_LIMITS = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
_TYPES = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}
_LONGEST = 60  # characters of a value that a message quotes
