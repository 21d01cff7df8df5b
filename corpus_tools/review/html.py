"""Self-contained HTML pages with a strict content security policy."""

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

from manifests.storage.store import atomic_path

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
"""Scripts of the page, in loading order; they contain no corpus data."""


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write a page from a template atomically; long values may be iterables, which are streamed.

    Text is escaped. The page's policy forbids loading anything, and allows only its own style and
    script.
    """
    page = _environment().get_template(template)
    style, script = _style(), _script()
    chunks = page.generate(style=style, script=script, policy=_policy(style, script), **values)
    form: dict[str, Any] = {"encoding": "utf-8", "errors": "xmlcharrefreplace", "newline": "\n"}
    with atomic_path(path) as temporary, temporary.open("w", **form) as out:
        out.writelines(chunks)


def script_json(value: Any) -> Markup:
    r"""Return a value as JSON that is safe inside a script element.

    Example:
        >>> print(script_json("</script>巴适"))
        "\u003c/script\u003e\u5df4\u9002"
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - all markup characters are escaped


def base64_of(stream: BinaryIO) -> Iterator[str]:
    """Yield a file from its beginning as base64 text, block by block."""
    stream.seek(0)
    while block := stream.read(_FILE_BLOCK):
        yield base64.b64encode(block).decode("ascii")


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
    """Return the text of a file of this package."""
    text = files("corpus_tools.review").joinpath("page_files", name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704


_FILE_BLOCK = 3 * 64 * 1024  # bytes; a multiple of three, so that the base64 needs no padding
