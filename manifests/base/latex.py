"""Tables for LaTeX, in the style of booktabs, with all text escaped."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["latex_escape", "latex_table"]


def latex_escape(text: str) -> str:
    r"""Return a text that LaTeX prints as it is; letters of other scripts need XeLaTeX or LuaLaTeX.

    >>> print(latex_escape("50 % of {a_b} \\input{x} ± 0.1"))
    50 \% of \{a\_b\} \textbackslash{}input\{x\} $\pm$ 0.1
    """
    return re.sub(
        _SPECIAL, lambda match: _ESCAPED[match[0]], re.sub(r"[\s\x00-\x1f\x7f]+", " ", text)
    )


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
_SPECIAL = f"[{re.escape(''.join(_ESCAPED))}]"
