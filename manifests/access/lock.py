"""Registration of a command at work on a corpus, which keeps out commands that conflict with it."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from manifests.access.table import ACCESS, PARTS, Access
from manifests.base.errors import UNWRITABLE, CorpusError
from manifests.storage.locking import FolderLock, InUseError
from manifests.storage.partials import clear_partials
from manifests.storage.tombstones import Withdrawn

__all__ = ["CorpusLock", "Worker", "commands_at_work"]


@dataclass(frozen=True)
class Worker:
    """Command at work on a corpus: as named in its lock file, or nameless while it leaves."""

    command: str
    lock: str
    pid: int | None = None
    host: str = ""
    since: float = 0.0  # seconds since 1970

    @classmethod
    def of(cls, lock: str, holder: dict[str, Any] | None) -> "Worker":
        """Return the command of a lock's name and what its file says."""
        if holder is None:
            return cls(_NAMELESS, lock)
        command = holder.get("command")
        known = command if isinstance(command, str) and command in ACCESS else _NAMELESS
        return cls(known, lock, holder["pid"], holder["host"], holder["time"])

    @property
    def access(self) -> Access:
        """What it reads and changes: everything, if it is unknown."""
        return ACCESS.get(self.command, Access(changes=frozenset(PARTS)))

    def __str__(self) -> str:
        """Return it as in ``segment (process 7 on 'host', since 2026-11-30 18:20)``."""
        if self.pid is None:
            return self.command
        try:
            since = f", since {datetime.fromtimestamp(self.since):%Y-%m-%d %H:%M}"
        except (ValueError, OverflowError, OSError):
            since = ""
        return f"{self.command} (process {self.pid} on {self.host!r}{since})"


class CorpusLock:
    """Context manager that registers a command of `manifests.access.table` at work on a corpus.

    While it is inside, no command enters that conflicts with it. A registration is a file
    ``.corpus-ID.lock`` with the system's lock on it, which ends with the process, however it ends;
    those of killed processes are removed, and ``broken`` then says so, or that there are no locks.
    A command that conflicts with one at work gets a CorpusError that names it, or with ``wait``
    waits for its end, once ``announce`` has named it. In a corpus that can't be written into, a
    command that changes nothing isn't registered. On entering, what killed writers left is removed.

    On entering, a CorpusError also says that a withdrawal was interrupted, which comes first.
    """

    def __init__(
        self,
        corpus: Path,
        command: str,
        *,
        wait: bool = False,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        self.corpus, self.command, self.wait = corpus, command, wait
        self.access = ACCESS[command]
        self.announce = announce
        self.broken: str | None = None
        self._own: FolderLock | None = None

    def __enter__(self) -> "CorpusLock":
        ending = time.monotonic() + _MOMENT
        while (other := self._register()) is not None:
            if other.pid is None and time.monotonic() < ending:
                time.sleep(_PAUSE / 10)
                continue
            if not self.wait:
                raise CorpusError(f"{self.corpus}: {self._refusal(other)}")
            if self.announce is not None:
                self.announce(f"{self.command} waits for the end of {other}; Ctrl-C stops waiting")
                self.announce = None
            time.sleep(_PAUSE)
        try:
            self._check_withdrawals()
            if self._own is not None:
                clear_partials(self.corpus, below=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.__exit__()
            self._own = None

    def _register(self) -> Worker | None:
        """Register this command, or return one at work that conflicts with it."""
        import secrets

        try:
            with FolderLock(self.corpus, stale_after=_MINUTE, patience=_PATIENCE):
                for worker in self._at_work():
                    if worker.access.conflicts(self.access):
                        return worker
                own = FolderLock(
                    self.corpus, f"corpus-{secrets.token_hex(4)}", note={"command": self.command}
                )
                own.__enter__()
                self._own = own
                if not own.has_locks and sys.platform != "win32":
                    self.broken = f"{self.corpus}: {_NO_LOCKS}"
        except OSError as error:
            if self.access.changes or error.errno not in UNWRITABLE:
                raise
        return None

    def _at_work(self) -> Iterator[Worker]:
        """Yield the commands at work, and remove the files of those that were killed."""
        names = {path.stem for path in self.corpus.glob(".corpus-*.*") if path.suffix in _SUFFIXES}
        for name in sorted(names):
            probe = FolderLock(self.corpus, name[1:], patience=0.0)
            try:
                with probe:
                    self.broken = probe.broken or self.broken
                    probe.path.with_suffix(".marker").unlink(missing_ok=True)
            except InUseError as error:
                yield Worker.of(name, error.holder)

    def _refusal(self, other: Worker) -> str:
        import socket

        here = other.host == socket.gethostname()
        remedy = "end it" if here else f"delete {other.lock}.* if it is gone"
        return f"{self.command} can't run beside {other}; wait for it to end, or {remedy}"

    def _check_withdrawals(self) -> None:
        unfinished = Withdrawn.of(self.corpus).unfinished()
        if self.command != "withdraw" and unfinished is not None:
            raise CorpusError(
                f"{self.corpus}: withdrawal of {unfinished.kind} '{unfinished.id}' was "
                f"interrupted; finish it first: corpus withdraw --{unfinished.kind} {unfinished.id}"
            )


def commands_at_work(corpus: Path) -> list[Worker]:
    """Return the commands at work on a corpus; none if the folder can't be written into."""
    if not any(path.suffix in _SUFFIXES for path in corpus.glob(".corpus*")):
        return []
    try:
        with FolderLock(corpus, stale_after=_MINUTE, patience=_PATIENCE):
            return list(CorpusLock(corpus, "predict")._at_work())
    except (CorpusError, OSError):
        return []


_NO_LOCKS = (
    "this disk has no locks; if a command is killed on another machine, others wait six hours for "
    "it, or until you delete the files .corpus-*.marker and .corpus-*.lock"
)
_NAMELESS = "another command"
_PATIENCE = 10.0  # s, in which others look who is at work
_PAUSE = 0.2  # s
_MOMENT = 1.0  # s, in which a nameless one has left
_MINUTE = 60.0  # s
_SUFFIXES = (".lock", ".marker")
