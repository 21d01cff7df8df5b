"""One run of the demo as a user runs it, on a PATH without ffmpeg."""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app


@dataclass(frozen=True)
class DemoRun:
    folder: Path
    document: dict[str, Any]
    seconds: float


BARE_PATH = {"PATH": "/nonexistent"}


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def run_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "corpus_tools", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **BARE_PATH},
    )


def run_command(*arguments: object, cwd: Path | None = None) -> Ended:
    """Run a command in this process, which saves its imports."""
    with contextlib.chdir(cwd or Path.cwd()):
        result = CliRunner().invoke(app, [*map(str, arguments)], env=BARE_PATH)
    return Ended(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def corpus_process():
    return run_process


@pytest.fixture(scope="session")
def corpus_command():
    return run_command


def _demo(folder: Path, *options: str) -> DemoRun:
    started = time.monotonic()
    process = run_process("demo", folder, "--json", "--quiet", *options)
    assert process.returncode == 0, process.stderr
    return DemoRun(folder, json.loads(process.stdout), time.monotonic() - started)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> DemoRun:
    return _demo(tmp_path_factory.mktemp("demo") / "corpus")


@pytest.fixture(scope="session")
def second_demo(tmp_path_factory, demo) -> DemoRun:
    return _demo(tmp_path_factory.mktemp("again") / "corpus", "--no-train")


@pytest.fixture(scope="session")
def sample() -> Path:
    return Path(__file__).parents[2] / "examples"
