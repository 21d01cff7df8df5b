"""Run commands of `corpus` in forks of a process that has everything imported, and compare folders.

A run works in the folder ``trial`` below the bench's own, a copy of a prepared one; its ``corpus``
is the corpus, its ``machine`` what the commands remember of this machine. The fork server of the
commands' workers is started once, for all runs.
"""

import gc
import hashlib
import importlib
import multiprocessing
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing import forkserver
from pathlib import Path

from benchmarks.storage.writes import Writes, watch_writes

__all__ = ["CREATED", "Bench", "Tree", "differences"]

Tree = dict[str, str]
"""Paths below a folder, with the sha256 of each file, or what else it is."""

CREATED = "1767225600"
_PRELOADED = ("corpus_tools.cli.app", "models.features.cache", "librosa.filters", "soundfile")
_LIGHT = (
    "av",
    "filelock",
    "krippendorff",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "pysubs2",
    "rich.console",
    "rich.table",
    "annotation.api",
    "corpus_tools.api.corpus",
    "corpus_tools.assembly.manifest",
    "corpus_tools.segmentation.segment",
    "corpus_tools.withdrawal.withdraw",
    "manifests.exports.formats",
)
_HEAVY = (
    "label_studio_sdk.client",
    "librosa.filters",
    "opencc",
    "safetensors.torch",
    "sklearn.svm",
    "torch._dynamo",
    "torch.optim",
    "whisper",
    "annotation.label_studio.pull",
    "annotation.label_studio.push",
    "corpus_tools.importing.run",
    "corpus_tools.prediction.predict",
    "corpus_tools.recordings.takes.session",
    "corpus_tools.transcription.recognisers.whisper",
    "models.comparison.compare",
    "models.evaluation.run",
    "models.features.cache",
    "models.training.series",
)


class Bench:
    """Folder for trials, and a way to run commands in it.

    Args:
        folder: an empty folder.
        heavy: import everything now, and start the server of workers, instead of what light
            commands need.

    ``names`` are replaced in the arguments of commands, ``variables`` are their environment's.
    """

    def __init__(self, folder: Path, *, heavy: bool = True) -> None:
        self.folder = folder
        self.trial = folder / "trial"
        self.log = folder / "log"
        self.names: dict[str, str] = {}
        self.variables = {
            "SOURCE_DATE_EPOCH": CREATED,
            "CORPUS_TOOLS_HOME": str(self.trial / "machine"),
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        for name in (*_LIGHT, *_HEAVY) if heavy else _LIGHT:
            importlib.import_module(name)
        gc.freeze()  # so that forks neither search nor copy what is imported
        if heavy:
            os.environ |= self.variables
            multiprocessing.get_context("forkserver").set_forkserver_preload(list(_PRELOADED))
            forkserver.ensure_running()

    def begin(self, start: str) -> None:
        """Make the trial's folder a copy of a prepared one; it may be a disk of its own."""
        self.trial.mkdir(exist_ok=True)
        for path in self.trial.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.folder / start, self.trial, symlinks=True, dirs_exist_ok=True)

    def keep(self, name: str) -> None:
        """Keep the trial's folder as a prepared one."""
        shutil.copytree(self.trial, self.folder / name, symlinks=True)

    def run(
        self,
        arguments: Sequence[str],
        at: int | None = None,
        act: Callable[[], object] = lambda: None,
        *,
        lasting: bool = False,
        setup: Callable[[Writes], None] = lambda writes: None,
    ) -> tuple[int, int]:
        """Run a command; act at its n-th write. Return the exit code and the number of writes.

        The exit code is negative, as usual, for a process that a signal ended.
        """
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            code = 70
            try:
                writes = Writes(self.trial, at, act, lasting=lasting)
                code = self._be_the_command(arguments, writes, setup)
                os.write(writing, str(writes.count).encode())
            except BaseException:
                self.log.write_text(traceback.format_exc(), "utf-8")
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as counted:
            count = counted.read()
        _, status = os.waitpid(process, 0)
        return os.waitstatus_to_exitcode(status), int(count or 0)

    def call(self, work: Callable[[], object]) -> None:
        """Do something in a fork, so that this process starts no threads."""
        process = os.fork()
        if process == 0:
            code = 70
            try:
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(process, 0)
        assert status == 0

    def said(self) -> str:
        """Return the output of the last run."""
        return self.log.read_text("utf-8", errors="replace")

    def tree(self, folder: Path | None = None) -> Tree:
        """Return what is in the trial's folder, once no worker of a killed run is left."""
        self._wait_for_workers()
        return tree(folder or self.trial)

    def _be_the_command(
        self, arguments: Sequence[str], writes: Writes, setup: Callable[[Writes], None]
    ) -> int:
        with self.log.open("w", encoding="utf-8") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
        if forkserver._forkserver._forkserver_pid is not None:  # type: ignore[attr-defined]
            # it is the parent's, and runs
            forkserver.ensure_running = lambda: None
            forkserver._forkserver.ensure_running = lambda: None  # type: ignore[attr-defined]
        os.environ |= self.variables
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(self.folder)
        sys.argv = ["corpus", *(self.names.get(part, part) for part in arguments)]
        _draw_nothing()
        watch_writes(writes)
        setup(writes)
        from corpus_tools.cli import main

        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        return code

    def _wait_for_workers(self) -> None:
        server = getattr(forkserver._forkserver, "_forkserver_pid", None)  # type: ignore[attr-defined]
        deadline = time.monotonic() + 20
        while server and _children(server):
            assert time.monotonic() < deadline, "workers of a killed run live on"
            time.sleep(0.02)


def _draw_nothing() -> None:
    """Write pictures without drawing them, which takes longer than all else."""
    from matplotlib.figure import Figure

    def save(figure: Figure, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"PNG")

    Figure.savefig = save


def _children(process: int) -> str:
    try:
        return Path(f"/proc/{process}/task/{process}/children").read_text().strip()
    except OSError:
        return ""


def tree(folder: Path) -> Tree:
    """Return paths below a folder, with the sha256 of each file, or what else it is.

    Files in ``.cache`` have random names, and are listed by their sha256.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if "/.cache/" in name and path.is_file():
            name = f"{Path(name).parent}/{hashlib.sha256(path.read_bytes()).hexdigest()}"
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_dir():
            found[name] = "folder"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(one: Tree, other: Tree) -> list[str]:
    """Return the paths that differ, each with + (only in the first), - (only in the other) or ~."""
    signs = {
        path: "+" if path not in other else "-" if path not in one else "~"
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    }
    return [f"{sign}{path}" for path, sign in signs.items()]
