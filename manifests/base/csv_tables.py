"""Reading of CSV files as spreadsheets save them, in any usual separator and encoding."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from manifests.base.encodings import decode_text
from manifests.base.errors import DataError

__all__ = ["delimiter_of", "read_rows"]


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each row of a CSV file that isn't empty.

    Commas, semicolons or tabs separate, whichever is most frequent in the first line; the encoding
    is UTF-8, UTF-16 or GB18030. Spaces around fields are removed, as is the apostrophe that keeps
    spreadsheets from running a formula. A DataError, for a file that can't be read or is no table,
    begins with the path.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path}: larger than 32 MiB; is it the right file?")
        text = decode_text(path.read_bytes(), str(path)).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); check the name") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        for cells in reader:
            fields = [_without_guard(cell) for cell in cells]
            if any(fields):
                yield reader.line_num, fields
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file ({error}); save it as CSV in UTF-8") from error


def delimiter_of(text: str) -> str:
    r"""Return the comma, semicolon or tab, whichever is most frequent in a table's first line.

    >>> delimiter_of("\nfile;text\n1.wav;yes, please\n")
    ';'
    """
    return max(",;\t", key=text.lstrip().split("\n", 1)[0].count)


def _without_guard(cell: str) -> str:
    """Return a field without the apostrophe that keeps spreadsheets from running a formula.

    >>> _without_guard("'=1+1 "), _without_guard("'tis"), _without_guard("''tis")
    ('=1+1', "'tis", "'tis")
    """
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


_LARGEST = 32 * 2**20  # bytes
_FORMULA = tuple("=+-@\t\r'")
