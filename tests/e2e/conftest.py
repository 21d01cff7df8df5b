"""One run of the demo as a user runs it, on a PATH without ffmpeg."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class DemoRun:
    folder: Path
    document: dict[str, Any]
    seconds: float


def run_corpus(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "corpus_tools"]
    bare_path = {**os.environ, "PATH": "/nonexistent"}
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env=bare_path,
    )


@pytest.fixture(scope="session")
def corpus_command():
    return run_corpus


def _demo(folder: Path, *options: str) -> DemoRun:
    started = time.monotonic()
    process = run_corpus("demo", folder, "--json", "--quiet", *options)
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
