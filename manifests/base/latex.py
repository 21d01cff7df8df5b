"""Tables for LaTeX, in the style of booktabs, with all text escaped."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["latex_escape", "latex_of", "latex_table"]


def latex_escape(text: str) -> str:
    r"""Return a text that LaTeX prints as it is; letters of other scripts need XeLaTeX or LuaLaTeX.

    >>> print(latex_escape("50 % of {a_b} \\input{x} ± 0.1, -0.2"))
    50 \% of \{a\_b\} \textbackslash{}input\{x\} $\pm$ 0.1, $-$0.2
    """
    line = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text)
    return re.sub(_SPECIAL, lambda match: _ESCAPED.get(match[0], "$-$"), line)


def latex_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, label: str
) -> str:
    """Return a table of text in its first column and numbers in the others.

    It needs the package booktabs. ``label`` is of letters and hyphens.
    """
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{latex_escape(caption)}}}",
        f"\\label{{tab:{label}}}",
        f"\\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        "\\toprule",
        _row(heads),
        "\\midrule",
        *map(_row, rows),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def latex_of(table: "Table", label: str) -> str:
    """Return a table of the terminal for LaTeX."""
    texts = [str(text) for text in (table.title, table.caption) if text]
    heads = [str(column.header) for column in table.columns]
    rows = zip(*([str(cell) for cell in column.cells] for column in table.columns), strict=True)
    return latex_table(heads, rows, caption="; ".join(texts), label=label)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(latex_escape, cells)) + " \\\\"


_ESCAPED = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    "α": "$\\alpha$",
    "κ": "$\\kappa$",
    "±": "$\\pm$",
    "−": "$-$",
    "–": "--",
    "…": "\\dots{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_SPECIAL = rf"[{re.escape(''.join(_ESCAPED))}]|(?<!\w)-(?=\d)"  # the last are minus signs
