"""The Label Studio program: in an environment of its own, never in that of corpus-tools."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from manifests.errors import ConfigurationError

__all__ = ["TESTED", "Program", "find_program"]

TESTED = "1.23.2"
"""The version that the end-to-end tests run against."""


@dataclass(frozen=True)
class Program:
    """An installed Label Studio.

    Attributes:
        environment: folder of the virtual environment.
        version: as its metadata say; the program itself is never asked, as it would start a server.
    """

    environment: Path
    version: str

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self._script("python")

    @property
    def executable(self) -> Path:
        """The command ``label-studio``."""
        return self._script("label-studio")

    @property
    def is_tested(self) -> bool:
        """Whether it is of the release series that the tests run against."""
        return self.version.split(".")[:2] == TESTED.split(".")[:2]

    def _script(self, name: str) -> Path:
        if os.name == "nt":
            return self.environment / "Scripts" / f"{name}.exe"
        return self.environment / "bin" / name


def find_program(corpus: Path, environment: Path | None = None) -> Program:
    """Return the Label Studio to start.

    Args:
        corpus: the corpus folder.
        environment: its virtual environment; default: ``.venv-ls`` here, in the corpus folder or
            beside it, else that of the command ``label-studio`` on the PATH.

    Raises:
        ConfigurationError: if there is none, with how to install one.
    """
    if environment is not None:
        program = _in(environment.absolute())
        if program is None:
            raise ConfigurationError(
                f"--environment {environment}: no Label Studio in there; name a virtual "
                f"environment into which it was installed"
            )
        return program
    for folder in _usual_places(corpus):
        program = _in(folder)
        if program is not None:
            return program
    raise ConfigurationError(
        "no Label Studio found; install it in an environment of its own: python3 -m venv .venv-ls "
        f"&& .venv-ls/bin/pip install label-studio=={TESTED}, or name one with --environment"
    )


def _usual_places(corpus: Path) -> Iterator[Path]:
    for folder in (Path.cwd(), corpus.absolute(), corpus.absolute().parent):
        yield folder / ".venv-ls"
    command = shutil.which("label-studio")
    if command is not None:
        yield Path(command).resolve().parent.parent


def _in(environment: Path) -> Program | None:
    """Read which version an environment has from its metadata."""
    for pattern in ("lib/python3*/site-packages", "Lib/site-packages"):
        for found in environment.glob(f"{pattern}/label_studio-*.dist-info"):
            name = _METADATA.fullmatch(found.name)
            program = name and Program(environment, name[1])
            if program and program.executable.is_file() and program.python.exists():
                return program
    return None


_METADATA = re.compile(r"label_studio-(\d[\w.+!]*)\.dist-info")
