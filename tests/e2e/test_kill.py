"""`corpus segment` and `build-manifest`, killed at random times or run concurrently."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_killed_runs_end_in_the_corpus_of_an_uninterrupted_run():
    """Ten kills; the same script does fifty, with several workers, as a benchmark."""
    arguments = ["--times", "10", "--seed", "1", "--workers", "1", "--seconds", "12"]
    process = subprocess.run(
        [sys.executable, str(BENCHMARKS / "segmentation" / "kill.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    rows = [line.strip("| ").split(" | ") for line in process.stdout.splitlines()[2:]]
    assert [row[:3] for row in rows] == [["empty", "1", "5"], ["cut differently", "1", "5"]]
    assert sum(int(row[5]) for row in rows) > 0, "no kill interrupted the work"


def test_second_concurrent_run_fails_and_the_corpus_is_intact(tmp_path, corpus_command):
    corpus = tmp_path / "corpus"
    corpus_command("init", corpus)
    film = tmp_path / "long.wav"
    soundfile.write(film, np.random.default_rng(0).normal(0, 0.05, 16_000 * 300), 16_000)
    command = [sys.executable, "-m", "corpus_tools", "segment"]
    arguments = [str(film), "--corpus", str(corpus), "--quiet"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and not _is_registered(corpus):
            time.sleep(0.005)
        first.send_signal(signal.SIGSTOP)
        second = corpus_command("segment", *arguments)
        first.send_signal(signal.SIGCONT)
    assert first.returncode == 0
    assert second.returncode == 1
    (error,) = second.stderr.splitlines()
    assert f"segment can't run beside segment (process {first.pid} on" in error
    assert "wait for it to end" in error
    assert not list(corpus.glob(".corpus*"))
    assert corpus_command("segment", *arguments).returncode == 0


def test_killed_build_leaves_the_old_or_the_new_state():
    """Ten kills; the same script does fifty, on a larger corpus, as a benchmark."""
    arguments = ["--times", "10", "--seed", "1", "--clips", "240"]
    process = subprocess.run(
        [sys.executable, str(BENCHMARKS / "manifests" / "build_kill.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    [row] = [line.strip("| ").split(" | ") for line in process.stdout.splitlines()[2:]]
    assert (row[0], row[4], row[6]) == ("10", "10", "10")
    assert int(row[3]) > 0, "no kill interrupted the writing"


def test_second_concurrent_build_fails(tmp_path, corpus_command, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from benchmarks.common.generated_corpus import add_judgements, write_corpus

    corpus = tmp_path / "corpus"
    add_judgements(corpus, write_corpus(corpus, 6, 12), "first")
    command = [sys.executable, "-c", "from corpus_tools.cli import main; main()"]
    arguments = ["build-manifest", "--corpus", str(corpus), "--quiet"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and not _is_registered(corpus):
            time.sleep(0.005)
        first.send_signal(signal.SIGSTOP)
        second = corpus_command(*arguments)
        first.send_signal(signal.SIGCONT)
    assert first.returncode == 0
    assert second.returncode == 1
    (error,) = second.stderr.splitlines()
    assert f"build-manifest can't run beside build-manifest (process {first.pid} on" in error
    assert [path.name for path in (corpus / "manifests").glob("v*")] == ["v1"]
    assert corpus_command("verify-manifest", "--corpus", str(corpus)).returncode == 0


def _is_registered(corpus: Path) -> bool:
    named = any(lock.stat().st_size > 0 for lock in corpus.glob(".corpus-*.lock"))
    return named and not (corpus / ".corpus.lock").exists()
