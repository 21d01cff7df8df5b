"""Checksums of a version's files, in the format of ``sha256sum --check``."""

import re
from collections.abc import Mapping
from pathlib import Path

from manifests.base.errors import DataError

__all__ = ["CHECKSUMS", "checksum_lines", "read_checksums"]

CHECKSUMS = "SHA256SUMS"
"""File with the checksums of all other files of a version, including ``manifest.json``."""

_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64})  ([^/\\\n]+)")


def checksum_lines(files: Mapping[str, str]) -> str:
    """Return the text of a checksum file, from the sha256 (hex) of each file by name.

    >>> print(checksum_lines({"card.md": "0" * 64})[58:])
    000000  card.md
    <BLANKLINE>
    """
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))


def read_checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 by file name, empty without a checksum file; DataError for a bad line."""
    path = folder / CHECKSUMS
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: changed since it was written; it is not UTF-8 text") from error
    matches = [_CHECKSUM_LINE.fullmatch(line) for line in lines[:-1]]
    if lines[-1] or not all(matches):
        raise DataError(f"{path}: changed since it was written; a line is no checksum")
    return {match[2]: match[1] for match in matches if match}
