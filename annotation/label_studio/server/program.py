"""Installed Label Studio, in a virtual environment separate from that of corpus-tools."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotation.label_studio.machine import Machine
from manifests.base.errors import ConfigurationError

__all__ = ["TESTED", "Program", "find_program"]

TESTED = "1.23.2"
"""Version of the end-to-end tests."""


@dataclass(frozen=True)
class Program:
    """Installed Label Studio: folder of the virtual environment, and version.

    The version is from the package metadata, as running the program would start a server.
    """

    environment: Path
    version: str

    @property
    def python(self) -> Path:
        """Interpreter of the environment."""
        return self._script("python")

    @property
    def executable(self) -> Path:
        """Executable ``label-studio``."""
        return self._script("label-studio")

    @property
    def is_tested(self) -> bool:
        """True if the version is of the tested release series."""
        return self.version.split(".")[:2] == TESTED.split(".")[:2]

    def _script(self, name: str) -> Path:
        if os.name == "nt":
            return self.environment / "Scripts" / f"{name}.exe"
        return self.environment / "bin" / name


def find_program(corpus: Path, environment: Path | None = None) -> Program:
    """Return the Label Studio to start, never one in a corpus, which may come from others.

    The default environment is the last one given, else that of the command ``label-studio`` on the
    PATH.

    Raises:
        ConfigurationError: if none is found, with installation instructions, or the given one is in
            the corpus.
    """
    if environment is not None:
        if _is_within(corpus, environment):
            raise ConfigurationError(
                f"--environment {environment}: is in the corpus, and no program is run from a "
                f"corpus; install Label Studio outside of it"
            )
        program = _program_in(environment.absolute())
        if program is None:
            raise ConfigurationError(
                f"--environment {environment}: no Label Studio in it; name a virtual "
                f"environment where it is installed"
            )
        return program
    for folder in _known_environments(corpus):
        program = None if _is_within(corpus, folder) else _program_in(folder)
        if program is not None:
            return program
    raise ConfigurationError(
        "no Label Studio found; install it outside of the corpus, in an environment of its own "
        f"(python3 -m venv ~/venv-ls && ~/venv-ls/bin/pip install label-studio=={TESTED}), and "
        "name it once: corpus label-studio start --environment ~/venv-ls"
    )


def _known_environments(corpus: Path) -> Iterator[Path]:
    remembered = Machine.read().environment
    if remembered is not None:
        yield Path(remembered)
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(entry)
        if not folder.is_absolute() or _is_within(corpus, folder.parent):
            continue
        command = shutil.which("label-studio", path=entry)
        if command is not None:
            yield Path(command).resolve().parent.parent


def _is_within(corpus: Path, environment: Path) -> bool:
    """Return whether an environment, or a program that it would run, is in this or any corpus."""
    program = Program(environment.absolute(), "")
    paths = (program.environment, program.python, program.executable)
    forms = [Path(form(path)) for path in paths for form in (os.path.normpath, os.path.realpath)]
    above = {folder for path in forms for folder in path.parents}
    own = {Path(form(corpus.absolute())) for form in (os.path.normpath, os.path.realpath)}
    return bool(own & above) or any((folder / "corpus.toml").exists() for folder in above)


def _program_in(environment: Path) -> Program | None:
    """Return the Label Studio of an environment, with the version from its metadata."""
    for pattern in ("lib/python3*/site-packages", "Lib/site-packages"):
        for found in environment.glob(f"{pattern}/label_studio-*.dist-info"):
            name = _METADATA.fullmatch(found.name)
            program = name and Program(environment, name[1])
            if program and program.executable.is_file() and program.python.exists():
                return program
    return None


_METADATA = re.compile(r"label_studio-(\d[\w.+!]*)\.dist-info")
