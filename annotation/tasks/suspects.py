"""Clips with a doubtful label, chosen for a second vote by people who don't know the first one.

Their tasks are made like all others: nothing in them, or in the name and order of their batch, says
that they have a label. A clip gets one second vote, be it answered or still open.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from annotation.batches.batches import read_batches
from annotation.batches.gold import read_gold
from annotation.judgements.store import IMPORT_SERVER, IMPORTED, latest, read_judgements
from annotation.tasks.candidates import Candidates
from annotation.tasks.disputed import unanswered
from manifests.base.csv_tables import Ragged, read_table
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import counted, listed
from manifests.storage.records import Judgement
from manifests.versions.manifest import versions

__all__ = ["SecondVotes"]


class SecondVotes:
    """Choice of the first ``number`` clips of a suspects.csv that may have a second vote.

    ``voted`` are the annotators who voted on each clip, who don't get it again.
    """

    def __init__(self, corpus: Path, number: int) -> None:
        if number < 1:
            raise ConfigurationError(f"--suspects {number}: at least one clip is needed")
        self.corpus, self.number = corpus, number
        self.path = _newest(corpus)
        self.voted: Mapping[str, set[str]] = {}

    def __call__(self, candidates: Candidates, annotators: Sequence[str] | None) -> list[str]:
        """Return the clips, the most doubtful first; count those passed over by reason.

        Without ``annotators`` all share one list. Raises DataError if a file of the corpus can't be
        read.
        """
        votes = defaultdict(list)
        for row in latest(read_judgements(self.corpus)):
            votes[row.clip_id].append(row)
        self.voted = {clip: {row.annotator for row in rows} for clip, rows in votes.items()}
        rounds = _rounds(self.corpus, candidates.batch, votes)
        waiting = set().union(*unanswered(self.corpus, candidates.batch))
        gold = read_gold(self.corpus)
        found: list[str] = []
        for clip_id in _ranked(self.path):
            if len(found) == self.number:
                break
            candidates.outcome.items_in += 1
            clip = candidates.clips.get(clip_id)
            voted = self.voted.get(clip_id, set())
            reason = None
            if clip is None or clip.superseded_by is not None:
                reason = "superseded"
            elif clip_id in gold:
                reason = "gold"
            elif not voted:
                reason = "no vote any more"
            elif any(row.role == "adjudication" for row in votes[clip_id]):
                reason = "adjudicated"
            elif clip_id in waiting:
                reason = "votes still open"
            elif rounds[clip_id] > 1:
                reason = "second vote before"
            elif annotators is not None and voted.issuperset(annotators):
                reason = "all --annotators voted on it"
            if reason:
                candidates.outcome.rejected[reason] += 1
            elif clip is not None and candidates.check_audio(clip):
                found.append(clip_id)
        return found

    def warnings(self, clips: Sequence[str], *, shared: bool) -> list[str]:
        """Return what to know about these clips: too few of them, or people who voted before."""
        warnings = []
        if len(clips) < self.number:
            warnings.append(
                f"only {counted(len(clips), 'clip')} of {self.path} can have a second vote, not "
                f"{self.number}"
            )
        people = Counter(
            name for clip in clips for name in self.voted.get(clip, ()) if name != IMPORTED
        )
        if shared and people:
            warnings.append(
                f"{listed(sorted(people))} voted on some of these clips, and would "
                f"replace their own vote; name other --annotators, who get them alone"
            )
        return warnings


def _newest(corpus: Path) -> Path:
    """Return the suspects.csv of the newest version that has one."""
    for folder in reversed(versions(corpus)):
        path = corpus / "runs" / f"suspects-{folder.name}" / "suspects.csv"
        if path.is_file():
            return path
    raise ConfigurationError(
        "--suspects: no label of this corpus was looked at for doubts yet; run: corpus suspects"
    )


def _ranked(path: Path) -> list[str]:
    """Return the clips of a suspects.csv with a doubt, in its order."""
    columns, rows = read_table(path)
    if not {"clip_id", "doubt"} <= set(columns):
        raise DataError(f"{path}: not the table of corpus suspects; make it again with: {_REMAKE}")
    found = []
    for number, row in rows:
        if isinstance(row, Ragged):
            raise DataError(f"{path}, line {number}: {row.problem}, or make it again: {_REMAKE}")
        if row["doubt"]:
            found.append(row["clip_id"])
    return found


def _rounds(
    corpus: Path, but: str | None, votes: Mapping[str, Sequence[Judgement]]
) -> Counter[str]:
    """Return how often each clip was given to people: its batches, and an import of its label."""
    batches = defaultdict(set)
    for batch in read_batches(corpus, but):
        if batch.kind == "label":
            for clip_id in batch.clips:
                batches[clip_id].add(batch.name)
    rounds = Counter({clip_id: len(names) for clip_id, names in batches.items()})
    for clip_id, rows in votes.items():
        rounds[clip_id] += any(row.server == IMPORT_SERVER for row in rows)
    return rounds


_REMAKE = "corpus suspects"
