"""Markdown lists and tables, with names and titles from users escaped."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["bullets", "escape", "table"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~!])")
_BLOCK_START = re.compile(r"^(\d*)([-+=.)])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def bullets(lines: Iterable[str]) -> str:
    """Return a bullet list of lines, in which text from users is already escaped."""
    return "\n".join(f"- {line}" for line in lines)


def escape(text: str) -> str:
    r"""Return a user's string as one line of plain text in Markdown and HTML.

    Control characters, line breaks and those that reverse the direction of writing become spaces.

    >>> escape("<b>a|b</b> _x_")
    '&lt;b&gt;a\\|b&lt;/b&gt; \\_x\\_'
    """
    flat = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)
    flat = " ".join(flat.split())
    return _BLOCK_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", flat)).translate(_ENTITIES)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of escaped cells; the first column is text, the others right-aligned numbers.

    >>> print(table(["class", "clips"], [["angry", 3]]))
    | class | clips |
    | :--- | ---: |
    | angry | 3 |
    """
    lines = [list(head), [":---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
