"""CSV files: reading as spreadsheets save them in any usual form, and writing safely for them."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar

from manifests.base.encodings import read_text
from manifests.base.errors import DataError

__all__ = [
    "Ragged",
    "csv_text",
    "decimal",
    "parse_rows",
    "parse_table",
    "read_rows",
    "read_table",
    "unguarded",
]


@dataclass(frozen=True)
class Ragged:
    """Row with more fields than columns; ``fields`` are those in columns."""

    fields: dict[str, str]
    problem: ClassVar[str] = "has more fields than columns; quote texts with separators in them"


def read_rows(path: Path, language: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each row of a CSV file that isn't empty.

    Like `parse_rows`, in any encoding of `read_text`. DataError for a file that can't be read, is
    larger than 32 MiB or is no table.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path}: larger than 32 MiB; is it the right file?")
        text = read_text(path, language)
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); check the name") from error
    yield from parse_rows(text, str(path))


def parse_rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number of the first line, and fields, of each row of a table that isn't empty.

    Commas, semicolons, tabs or bars separate, whichever is most frequent in the first line, unless
    a line ``sep=;``, as for Excel, names it. Spaces around fields are removed, as is the apostrophe
    that keeps spreadsheets from running a formula. DataError, with ``where`` and the line, for an
    open quote.
    """
    named = _SEPARATOR.match(text)
    delimiter = named[1] if named else _delimiter_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{where}, line {line}: not valid CSV ({error}); close or double its quotes"
            ) from error
        fields = [unguarded(cell) for cell in cells]
        if any(fields) and not (named and line == 1):
            yield line, fields


def read_table(
    path: Path, language: str | None = None
) -> tuple[list[str], Iterator[tuple[int, dict[str, str] | Ragged]]]:
    """Return the columns of a CSV file and its rows, like `read_rows` and `parse_table`."""
    return _table(read_rows(path, language), str(path))


def parse_table(
    text: str, where: str
) -> tuple[list[str], Iterator[tuple[int, dict[str, str] | Ragged]]]:
    """Return the columns of a table with a header, and line number and fields of each row.

    A row with fewer fields than columns has empty ones. No columns for an empty table. DataError
    for a column without a name or two of one name.
    """
    return _table(parse_rows(text, where), where)


def _table(
    rows: Iterator[tuple[int, list[str]]], where: str
) -> tuple[list[str], Iterator[tuple[int, dict[str, str] | Ragged]]]:
    line, header = next(rows, (1, []))
    columns = _without_empty_end(header)
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{where}, line {line}: duplicate column '{twice}'; rename or remove one")
    if "" in columns:
        number = columns.index("") + 1
        raise DataError(f"{where}, line {line}: column {number} has no name; name or remove it")
    return columns, ((number, _fields(columns, cells)) for number, cells in rows)


def _fields(columns: list[str], cells: list[str]) -> dict[str, str] | Ragged:
    fields = dict(zip_longest(columns, cells[: len(columns)], fillvalue=""))
    return Ragged(fields) if any(cells[len(columns) :]) else fields


def _without_empty_end(cells: list[str]) -> list[str]:
    return cells[: max((place for place, cell in enumerate(cells, 1) if cell), default=0)]


def decimal(text: str) -> float:
    """Return the number in a cell, with a decimal point or comma; ValueError for anything else.

    >>> decimal("0,85"), decimal("-1.5")
    (0.85, -1.5)
    """
    return float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)


def _delimiter_of(text: str) -> str:
    r"""Return the separator that is most frequent in a table's first line, outside quotes.

    >>> _delimiter_of('\n"a,b,c";text\n1.wav;yes, please\n')
    ';'
    """
    first = _FIRST_LINE.search(text)
    return max(",;\t|", key=_QUOTED.sub("", first[0] if first else "").count)


def csv_text(rows: Iterable[Sequence[object]], lineterminator: str = "\n") -> str:
    """Return rows as CSV in which no text is a formula for a spreadsheet; None is empty.

    A text that would be one gets an apostrophe, which the readers of this module take off.

    >>> csv_text([("clip_id", "text"), ("a", "x,y"), ("b", "=1+1"), ("c", "-1.5")]).splitlines()
    ['clip_id,text', 'a,"x,y"', "b,'=1+1", 'c,-1.5']
    """
    lines: list[str] = []
    write = csv.writer(_Appender(lines)).writerow  # quotes both kinds of line breaks
    for row in rows:
        write([_guarded(cell) for cell in row])
    return "".join(line.removesuffix("\r\n") + lineterminator for line in lines)


class _Appender:
    """File for `csv.writer` that keeps each row by itself."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _guarded(cell: object) -> object:
    risky = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if risky else cell


def unguarded(cell: str) -> str:
    """Return a field without spaces around it and the apostrophe of :func:`csv_text`.

    >>> unguarded("'=1+1 "), unguarded("'tis"), unguarded("''tis")
    ('=1+1', "'tis", "'tis")
    """
    text = cell.strip()
    return text[1:].strip() if text[:1] == "'" and _FORMULA.match(text[1:]) else text


_LARGEST = 32 * 2**20  # bytes
_FORMULA = re.compile(
    r"\s*[=+\-@＝＋－＠']|[\t\r]"
)  # the wide ones in East Asian versions of Excel
_NUMBER = re.compile(r"\s*[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?\s*")
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?=[\r\n])', re.IGNORECASE)
_FIRST_LINE = re.compile(r"\S.*")
_QUOTED = re.compile('"[^"]*"')
