"""Check, before a result is published, that nothing in it was withdrawn since it was loaded."""

from collections.abc import Iterable
from pathlib import Path

from manifests.base.errors import CorpusError
from manifests.base.outcome import Progress
from manifests.storage.records import ManifestEntry
from manifests.storage.tombstones import TOMBSTONES, Tombstone, Withdrawn

__all__ = ["WithdrawalWatch", "WithdrawnError"]


class WithdrawnError(CorpusError):
    """What a command works on was withdrawn meanwhile."""


class WithdrawalWatch:
    """Watch on the withdrawals of a corpus, for a command that works on clips without its lock.

    ``clips`` are the ids of the loaded clips. With ``votes``, those of withdrawn annotators in
    the entries count, too.
    """

    def __init__(
        self, corpus: Path, entries: Iterable[ManifestEntry], *, votes: bool = False
    ) -> None:
        self._corpus, self._votes = corpus, votes
        self._clips: set[str] = set()
        self._annotators: set[str] = set()
        for entry in entries:
            self._clips.add(entry.clip_id)
            if votes:
                self._annotators.update(name for name, _ in entry.votes)
        self._seen: tuple[int, int, int] | None = None
        self.check()

    def check(self) -> None:
        """Raise WithdrawnError, naming the withdrawal, if a clip or annotator was withdrawn."""
        state = self._state()
        if state is None or state == self._seen:
            return
        for stone in Withdrawn.of(self._corpus).tombstones:
            if found := self._found(stone):
                raise WithdrawnError(
                    f"{found} that this command works on belong to {stone.summary}; nothing was "
                    f"written: run it again on what is left, or on another version"
                )
        self._seen = state

    def during(self, progress: Progress) -> Progress:
        """Return a progress callback that checks before it reports."""

        def show(done: int, total: int, item: str) -> None:
            self.check()
            progress(done, total, item)

        return show

    def _found(self, stone: Tombstone) -> str:
        if clips := self._clips.intersection(stone.clips):
            return f"{len(clips)} of the clips"
        if stone.kind == "annotator" and stone.id in self._annotators:
            return "votes"
        return ""

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = (self._corpus / TOMBSTONES).stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
