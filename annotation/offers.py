"""Clips that can be assigned to annotators."""

import re
import stat
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from annotation.batches import tasked_clips
from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.records import Clip, Screen
from manifests.shards import STAGES, read_stage
from manifests.store import inside

__all__ = ["CLIPS", "Candidates"]

CLIPS = "clips/"


@dataclass(frozen=True)
class Candidates:
    """Clips of a corpus and their eligibility as tasks.

    Attributes:
        corpus: the corpus folder.
        outcome: receives counts, and clips without a file as failures.
    """

    corpus: Path
    outcome: Outcome
    _folders: dict[str, Path] = field(default_factory=dict, repr=False)

    @cached_property
    def clips(self) -> Mapping[str, Clip]:
        """All clips by id."""
        return {clip.clip_id: clip for clip in read_stage(self.corpus, STAGES["segments"], Clip)}

    def unassigned(self, reserved: Container[str] = frozenset()) -> list[Clip]:
        """Return the accepted clips that are in no batch; count the rest by reason.

        Args:
            reserved: ids of gold clips, which are mixed in separately.

        Raises:
            DataError: if a shard or an earlier batch can't be read.
        """
        rows = read_stage(self.corpus, STAGES["screen"], Screen)
        accepted = {row.clip_id: row.accepted for row in rows}
        named = tasked_clips(self.corpus)
        found = []
        for clip in self.clips.values():
            self.outcome.items_in += 1
            reason = _reason(clip, accepted.get(clip.clip_id), clip.clip_id in named)
            if reason is None and clip.clip_id in reserved:
                reason = "gold"
            if reason:
                self.outcome.rejected[reason] += 1
            elif self.check_audio(clip):
                found.append(clip)
        return found

    def has_audio(self, clip: Clip) -> bool:
        """Return whether the clip's audio file exists."""
        return self._audio_problem(clip) is None

    def check_audio(self, clip: Clip) -> bool:
        """Return whether the clip's audio file exists; record a failure if not."""
        problem = self._audio_problem(clip)
        if problem is not None:
            self.outcome.fail(clip.clip_id, problem)
        return problem is None

    def _audio_problem(self, clip: Clip) -> str | None:
        try:
            found = clip.path.startswith(CLIPS) and self._is_file(clip.path)
        except DataError as error:
            return str(error)
        return None if found else f"its file {clip.path} is missing; run corpus segment again"

    def _is_file(self, path: str) -> bool:
        """Return whether the file exists; links, slow to follow, are resolved once per folder."""
        folder, _, name = path.rpartition("/")
        if _PLAIN_NAME.fullmatch(name) is None:
            return inside(self.corpus, path).is_file()
        try:
            mode = (self._folder(folder) / name).lstat().st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) or (stat.S_ISLNK(mode) and inside(self.corpus, path).is_file())

    def _folder(self, folder: str) -> Path:
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = inside(self.corpus, folder)
        return known


def _reason(clip: Clip, accepted: bool | None, named: bool) -> str | None:
    if named:
        return "in an earlier batch"
    if clip.superseded_by is not None:
        return "superseded"
    if accepted is None:
        return "not screened"
    if accepted:
        return None
    return "duplicate" if clip.duplicate_of is not None else "not accepted"


_PLAIN_NAME = re.compile(r"[^/\\\0]*[^/\\\0.]")
"""File name without path separators or a trailing dot."""
