"""Commands, flags, configuration keys and export formats of earlier releases still exist.

`interface.json` lists those of version 0.1 before the packages were rearranged, and what was added
since; a new one is added to its list ``added``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from corpus_tools.cli.app import app
from corpus_tools.configuration.corpus import Configuration
from manifests.exports.formats import FORMATS

STORED = json.loads(Path(__file__).with_name("interface.json").read_text(encoding="utf-8"))


def options(command: Any, verb: str = "") -> Iterator[str]:
    if commands := getattr(command, "commands", {}):
        for name, inner in commands.items():
            yield from options(inner, f"{verb} {name}".strip())
        return
    yield verb
    for parameter in command.params:
        names = [*parameter.opts, *parameter.secondary_opts]
        yield from (f"{verb} {name}" for name in names if name.startswith("-"))
        if not parameter.opts[0].startswith("-"):
            yield f"{verb} {parameter.metavar or parameter.name.upper()}"


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")


CURRENT = {
    "commands": sorted(options(typer.main.get_command(app))),
    "configuration": sorted(keys(Configuration)),
    "export_formats": sorted(FORMATS),
}


@pytest.mark.parametrize("kind", CURRENT)
def test_nothing_is_lost_and_additions_are_listed(kind: str) -> None:
    before, added = set(STORED["before"][kind]), set(STORED["added"][kind])
    assert not before & added
    assert set(CURRENT[kind]) == before | added
