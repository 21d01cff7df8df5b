"""Pages that need nothing but themselves, and run no script but ours."""

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from manifests.store import atomic_path

__all__ = ["SCRIPTS", "base64_of", "script_json", "write_page"]

SCRIPTS = (
    "page.js",
    "sound.js",
    "decisions.js",
    "waves.js",
    "stage.js",
    "trim.js",
    "cards.js",
    "main.js",
)
"""The page's script, in this order; no part of it comes from a corpus."""


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write a page whole or not at all; long values may be iterables, which are never joined.

    Its policy lets nothing load from anywhere, and no style or script run but the page's own.

    Args:
        path: file to write.
        template: name of the template.
        values: what it shows; all text is escaped.
    """
    page = _environment().get_template(template)
    style, script = _style(), _script()
    chunks = page.generate(style=style, script=script, policy=_policy(style, script), **values)
    form: dict[str, Any] = {"encoding": "utf-8", "errors": "xmlcharrefreplace", "newline": "\n"}
    with atomic_path(path) as temporary, temporary.open("w", **form) as out:
        out.writelines(chunks)


def script_json(value: Any) -> Markup:
    r"""Return a value as JSON that can stand inside a script element, whatever its texts hold.

    Example:
        >>> print(script_json("</script>巴适"))
        "\u003c/script\u003e\u5df4\u9002"
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing is left in it that HTML could take for markup


def base64_of(stream: BinaryIO) -> Iterator[str]:
    """Yield a file from its beginning as base64 text, piece by piece."""
    stream.seek(0)
    while piece := stream.read(_PIECE):
        yield base64.b64encode(piece).decode("ascii")


def _policy(*inline: str) -> str:
    style, script = (_hash(text) for text in inline)
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; media-src blob:; "
        f"base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def _environment() -> Environment:
    loader = PackageLoader("corpus_tools.review", "page_files")
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _style() -> Markup:
    return _file("page.css")


def _script() -> Markup:
    return Markup("\n").join(_file(name) for name in SCRIPTS)


def _file(name: str) -> Markup:
    """Return the text of a file that comes with the package."""
    text = files("corpus_tools.review").joinpath("page_files", name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704


_PIECE = 3 * 64 * 1024  # bytes; a multiple of three, so that the texts can be joined
