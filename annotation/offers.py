"""Which clips can be given to annotators."""

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
    """The clips of a corpus, and which of them can be tasks.

    Attributes:
        corpus: the corpus folder.
        outcome: takes what is counted, and clips whose file is gone as failures.
    """

    corpus: Path
    outcome: Outcome
    _folders: dict[str, Path] = field(default_factory=dict, repr=False)

    @cached_property
    def clips(self) -> Mapping[str, Clip]:
        """All clips by id."""
        return {clip.clip_id: clip for clip in read_stage(self.corpus, STAGES["segments"], Clip)}

    def unassigned(self, reserved: Container[str] = frozenset()) -> list[Clip]:
        """Return the clips that were accepted and that no batch names yet; the rest is counted.

        Args:
            reserved: ids of gold clips, which come another way.

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
        """Tell whether a clip has its file."""
        return self._audio_problem(clip) is None

    def check_audio(self, clip: Clip) -> bool:
        """Tell whether a clip can be heard; if not, it is a failure."""
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
        """Look for a file in the corpus; links are followed once for each folder, which is slow."""
        folder, _, name = path.rpartition("/")
        if _PLAIN.fullmatch(name) is None:
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


_PLAIN = re.compile(r"[^/\\\0]*[^/\\\0.]")
"""A file's name that leads nowhere else."""
