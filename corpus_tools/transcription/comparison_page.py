"""Comparison of two texts of each clip as an HTML page, aligned by character; it works offline."""

import base64
import hashlib
import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from corpus_tools.transcription.compare import ClipErrors, Comparison, ErrorCounts, total
from corpus_tools.transcription.vote import syllables
from manifests.base.letters import plain_letters
from manifests.storage.partials import clear_partials
from manifests.storage.records import Clip
from manifests.storage.store import atomic_path, created_now, inside

__all__ = ["MAX_SHOWN", "Cell", "aligned_cells", "write_comparison_page"]

MAX_SHOWN = 2000
"""Most clips on a page, those with the highest error rates."""


class Cell(NamedTuple):
    """Part of two aligned texts: ``kind`` is same, changed, missing (in the second) or added."""

    kind: str
    reference: str
    hypothesis: str


def aligned_cells(reference: str, hypothesis: str, *, exact: bool = False) -> list[Cell]:
    """Return two texts in aligned parts, as written; what isn't compared stands with its letter.

    Example:
        >>> [tuple(cell) for cell in aligned_cells("今天，巴适！", "今天八适")]
        [('same', '今天，', '今天'), ('changed', '巴', '八'), ('same', '适！', '适')]
    """
    import jiwer

    first, second = (_written(text, exact) for text in (reference, hypothesis))
    letters = ["".join(letter for letter, _ in units) for units in (first, second)]
    if not all(letters):
        kind = "missing" if letters[0] else "added" if letters[1] else "same"
        return [Cell(kind, reference, hypothesis)]
    chunks = jiwer.process_characters(letters[0], letters[1]).alignments[0]
    return [
        Cell(
            _KINDS[chunk.type],
            "".join(shown for _, shown in first[chunk.ref_start_idx : chunk.ref_end_idx]),
            "".join(shown for _, shown in second[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in chunks
    ]


def _written(text: str, exact: bool) -> list[tuple[str, str]]:
    """Return the letters that count, each with the characters of the text that show it."""
    if exact:
        return [(letter, letter) for letter in text.strip()]
    text = unicodedata.normalize("NFC", text)
    units: list[tuple[str, str]] = []
    before = ""
    for character in text:
        letters = plain_letters(character)
        if letters:
            units.append((letters[0], before + character))
            units += [(letter, "") for letter in letters[1:]]
            before = ""
        elif units:
            units[-1] = (units[-1][0], units[-1][1] + character)
        else:
            before += character
    letters = plain_letters(text)
    if "".join(letter for letter, _ in units) != letters:  # some characters compose with others
        return [(letter, letter) for letter in letters]
    return units


@dataclass(frozen=True)
class _Part:
    """A cell that isn't broken over two lines, whether its letters join those beside it."""

    kind: str
    reference: str
    hypothesis: str
    joins: str


def _parts(cells: Sequence[Cell]) -> list[_Part]:
    """Return the cells, long ones divided, so that lines can be broken."""
    divided = [part for cell in cells for part in _divided(cell)]
    edges = [False, *(_join(one, other) for one, other in pairwise(divided)), False]
    return [
        _Part(*cell, joins=" ".join(name for name, so in zip(_JOINS, sides, strict=True) if so))
        for cell, sides in zip(divided, pairwise(edges), strict=True)
    ]


def _divided(cell: Cell) -> Iterator[Cell]:
    if cell.kind != "same":
        yield cell
        return
    for first, second in zip(
        *_padded(_words(cell.reference), _words(cell.hypothesis)), strict=True
    ):
        yield Cell("same", first, second)


def _words(text: str) -> list[str]:
    """Divide a text after its spaces, and between characters that are written without them."""
    words = [""]
    for character in text:
        if words[-1] and (
            words[-1][-1].isspace() or unicodedata.east_asian_width(character) == "W"
        ):
            words.append("")
        words[-1] += character
    return words


def _padded(first: list[str], second: list[str]) -> tuple[list[str], list[str]]:
    """Return both divided alike: whole, unless each word has its counterpart."""
    alike = len(first) == len(second) and all(
        plain_letters(one) == plain_letters(other) for one, other in zip(first, second, strict=True)
    )
    return (first, second) if alike else (["".join(first)], ["".join(second)])


def _join(one: Cell, other: Cell) -> bool:
    """Return whether two cells divide a word in a script with letters that join, such as Arabic."""
    return any(
        before
        and after
        and {unicodedata.bidirectional(x) for x in (before[-1], after[0])} == {"AL"}
        for before, after in (
            (one.reference, other.reference),
            (one.hypothesis, other.hypothesis),
        )
    )


def write_comparison_page(path: Path, corpus: Path, name: str, compared: Comparison) -> None:
    """Write the page of a comparison atomically, replacing an existing file; all text is escaped.

    Clips with errors come first, by falling rate, at most `MAX_SHOWN`. Sound is linked where the
    page's place allows a relative path.
    """
    style, script = _file("page.css"), _file("page.js")
    ordered = sorted(compared.found, key=lambda one: one.worst_first)
    shown = ordered[:MAX_SHOWN]
    chunks = _template().generate(
        policy=_policy(style, script),
        style=style,
        script=script,
        name=name,
        created=created_now(),
        compared=compared,
        overall=total(compared.found),
        spoken=total([one for one in compared.found if one.pair.hypothesis]),
        emptied=sum(not one.pair.hypothesis for one in compared.found),
        wer=_word_errors(compared),
        tables=list(_tables(compared)),
        confusions=_confusions(compared),
        left_out=len(ordered) - len(shown),
        rows=(_row(one, compared, corpus, path) for one in shown),
    )
    clear_partials(path.parent)
    form: dict[str, Any] = {"encoding": "utf-8", "errors": "xmlcharrefreplace", "newline": "\n"}
    with atomic_path(path) as temporary, temporary.open("w", **form) as out:
        out.writelines(chunks)


def _row(one: ClipErrors, compared: Comparison, corpus: Path, page: Path) -> dict[str, Any]:
    pair = one.pair
    clip = compared.clips.get(pair.clip_id)
    return {
        "clip_id": pair.clip_id,
        "rate": one.errors.rate,
        "errors": one.errors,
        "parts": _parts(aligned_cells(pair.reference, pair.hypothesis, exact=compared.exact)),
        "empty": not pair.hypothesis,
        "speaker": clip.speaker if clip else None,
        "flags": compared.flags.get(pair.clip_id, ()),
        "sound": _sound(clip, corpus, page) if clip else None,
    }


def _sound(clip: Clip, corpus: Path, page: Path) -> str | None:
    try:
        relative = os.path.relpath(inside(corpus, clip.path), page.resolve().parent)
    except ValueError:  # another drive of Windows
        return None
    return quote(os.fsencode(Path(relative).as_posix()))


def _word_errors(compared: Comparison) -> ErrorCounts | None:
    """Return the errors by word of the clips in scripts with spaces between words, None if none."""
    import jiwer

    sums = ErrorCounts()
    for one in compared.found:
        first, second = (
            [word for part in text.split() if (word := plain_letters(part))]
            for text in (one.pair.reference, one.pair.hypothesis)
        )
        letters = "".join(first)
        if sum(letter < _SPACELESS for letter in letters) * 2 <= len(letters):
            continue
        found = jiwer.process_words(" ".join(first), " ".join(second))
        sums += ErrorCounts(1, len(first), found.substitutions, found.deletions, found.insertions)
    return sums if sums.clips else None


def _tables(compared: Comparison) -> Iterator[tuple[str, list[tuple[str, ErrorCounts]]]]:
    """Yield the errors by source, speaker and flag, where there is more than one."""

    def speaker(one: ClipErrors) -> Iterable[str]:
        clip = compared.clips.get(one.pair.clip_id)
        return [(clip.speaker if clip else None) or "unknown"]

    keys: dict[str, Callable[[ClipErrors], Iterable[str]]] = {
        "source": lambda one: [one.pair.source_id],
        "speaker": speaker,
        "flag": lambda one: compared.flags.get(one.pair.clip_id) or ["none"],
    }
    for title, values in keys.items():
        sums: dict[str, ErrorCounts] = defaultdict(ErrorCounts)
        for one in compared.found:
            for value in values(one):
                sums[value] += one.errors
        if len(sums) > 1:
            yield title, sorted(sums.items(), key=lambda row: (-row[1].edits, row[0]))


def _confusions(compared: Comparison) -> dict[str, list[dict[str, Any]]]:
    """Return the most frequent edits of each kind, single characters with their numbers."""
    counts: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in _EDITS}
    for one in compared.found:
        if not one.errors.edits:
            continue
        form = str.strip if compared.exact else plain_letters
        reference, hypothesis = form(one.pair.reference), form(one.pair.hypothesis)
        for cell in aligned_cells(reference, hypothesis, exact=True):
            if cell.kind != "same":
                longest = max(len(cell.reference), len(cell.hypothesis))
                counts[cell.kind].update(
                    zip(
                        cell.reference or [""] * longest,
                        cell.hypothesis or [""] * longest,
                        strict=True,
                    )
                )
    return {
        kind: [
            {"reference": a, "hypothesis": b, "count": count, "alike": _sound_alike(a, b)}
            for (a, b), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
        ]
        for kind, found in counts.items()
    }


def _sound_alike(one: str, other: str) -> bool:
    """Return whether two different Chinese characters may be one syllable."""
    return bool(one and other and syllables(one) & syllables(other))


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("corpus_tools.transcription", "page_files"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _file(name: str) -> Markup:
    # a part of the package, so it needs no escaping
    text = files("corpus_tools.transcription").joinpath("page_files", name)
    return Markup(text.read_text(encoding="utf-8"))  # noqa: S704


def _policy(style: str, script: str) -> str:
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
        for text in (style, script)
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        f"media-src 'self'; base-uri 'none'; form-action 'none'"
    )


_KINDS = {"equal": "same", "substitute": "changed", "delete": "missing", "insert": "added"}
_EDITS = ("changed", "missing", "added")
_JOINS = ("joins-before", "joins-after")
_MOST = 40  # rows of a table of characters
_SPACELESS = "\u0e00"  # Thai, the first script without spaces between words
