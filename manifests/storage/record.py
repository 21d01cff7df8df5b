"""Base of all records: frozen, strictly validated and small, as a corpus may have a million."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Self, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from manifests.base.errors import DataError

__all__ = ["Record", "record"]

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def record(kind: type[T]) -> type[T]:
    """Turn a subclass of :class:`Record` into a dataclass with its annotations as fields.

    Its objects have slots: a clip takes a tenth of the memory of a ``BaseModel``.

    >>> @record
    ... class Point(Record):
    ...     x: float
    >>> Point(x=1).row()
    {'x': 1.0}
    """
    config = ConfigDict(extra="forbid", allow_inf_nan=False, defer_build=True)
    made: Any = dataclass(kind, frozen=True, slots=True, kw_only=True, config=config)
    return cast(type[T], made)


class Record:
    """A frozen row of a shard or manifest; unknown and mistyped fields are refused."""

    __slots__ = ()

    @classmethod
    def parse(cls, row: Mapping[str, Any], where: str) -> Self:
        """Return the record of a decoded JSON row; DataError names the invalid field.

        ``where`` is file and line, for the error.
        """
        try:
            parsed: Self = _adapter(cls).validate_python(row)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "record"
            if first["type"] == "unexpected_keyword_argument":
                raise DataError(
                    f"{where}: {cls.__name__.lower()} field '{field}' is unknown; remove it, or "
                    f"update corpus-tools if a newer one wrote it"
                ) from error
            raise DataError(
                f"{where}: {cls.__name__.lower()} field '{field}': {first['msg']}"
            ) from error
        return parsed

    @classmethod
    def parse_lines(cls, lines: bytes) -> list[Self] | None:
        """Return the records of JSON Lines, twice as fast as one by one.

        None unless each line is a valid record; `parse` then tells which one isn't.
        """
        try:
            rows = b"[" + lines.removesuffix(b"\n").replace(b"\n", b",") + b"]"
            parsed: list[Self] = _list_adapter(cls).validate_json(rows)
        except ValidationError:
            return None
        return parsed if len(parsed) == lines.count(b"\n") else None

    @classmethod
    def fields(cls) -> dict[str, FieldInfo]:
        """Return the definition of each field, by name."""
        fields: dict[str, FieldInfo] = getattr(cls, "__pydantic_fields__", {})
        return fields

    def row(self) -> dict[str, Any]:
        """Return the record as JSON-ready built-in types, by the field names of files."""
        row: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json", by_alias=True)
        return row

    @classmethod
    def trusted(cls, **values: Any) -> Self:
        """Return a record from values of all fields, without validation; lists are shared.

        TypeError for unknown or missing fields.
        """
        setters = _setters(cls)
        if values.keys() != setters.keys():
            wrong = ", ".join(sorted(values.keys() ^ setters.keys()))
            raise TypeError(f"{cls.__name__} has other fields: {wrong}")
        made = object.__new__(cls)
        for name, value in values.items():
            setters[name](made, value)
        return made

    def changed(self, **values: Any) -> Self:
        """Return a copy with fields replaced, unvalidated; KeyError for an unknown field."""
        setters = _setters(type(self))
        made = object.__new__(type(self))
        for name, set_field in setters.items():
            set_field(made, getattr(self, name))
        for name, value in values.items():
            setters[name](made, value)
        return made


def _find_setters(kind: Any) -> dict[str, Callable[[Any, Any], None]]:
    """Return the setter of each slot, twice as fast as ``object.__setattr__``."""
    return {name: getattr(kind, name).__set__ for name in kind.fields()}


def _adapter_of_lists(kind: Any) -> TypeAdapter[Any]:
    lists: Any = list
    return TypeAdapter(lists[kind])


_setters: Callable[[Any], dict[str, Callable[[Any, Any], None]]] = cache(_find_setters)
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
_list_adapter: Callable[[Any], TypeAdapter[Any]] = cache(_adapter_of_lists)
