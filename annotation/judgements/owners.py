"""Owners of Label Studio's projects, and answers in other people's projects."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from annotation.batches.batches import read_plans
from annotation.batches.server_file import ServerFile
from manifests.base.outcome import listed
from manifests.storage.records import Judgement

__all__ = ["MisplacedAnswers", "ProjectOwners"]


class ProjectOwners:
    """Owner and kind of the project of a judgement, from batch plans and annotations/server.json.

    Raises DataError if a plan or annotations/server.json can't be read.
    """

    def __init__(self, corpus: Path) -> None:
        self._projects = ServerFile.read(corpus).owners()
        plans = read_plans(corpus).items()
        self._adjudications = {name for name, plan in plans if plan.kind == "adjudication"}

    def with_role(self, judgement: Judgement) -> Judgement:
        """Mark the judgement as an adjudication if its batch or project is one.

        Adjudicators may have seen the votes, so their judgements don't count as votes.
        """
        if judgement.batch in self._adjudications or self._project(judgement)[1] == "adjudication":
            return judgement.changed(role="adjudication")
        return judgement

    def owner(self, judgement: Judgement) -> str | None:
        """Return the owner of the judgement's project; None if it is shared or unknown."""
        return self._project(judgement)[0]

    def _project(self, judgement: Judgement) -> tuple[str | None, str]:
        key = (judgement.server, judgement.project_id or 0)
        return self._projects.get(key, (None, "label"))


class MisplacedAnswers:
    """Judgements made in another annotator's project, so not blind to the owner's."""

    def __init__(self) -> None:
        self._annotation_ids: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)

    @property
    def total(self) -> int:
        """Number of these judgements."""
        return sum(map(len, self._annotation_ids.values()))

    def add(self, judgement: Judgement, owner: str | None) -> None:
        """Record a judgement if its annotator isn't the owner of its project."""
        if owner is not None and owner != judgement.annotator:
            key = (owner, judgement.project_id or 0, judgement.annotator)
            self._annotation_ids[key].append(judgement.annotation_id)

    def warnings(self) -> Iterator[str]:
        """Yield a warning for each project and annotator."""
        for (owner, project, annotator), numbers in sorted(self._annotation_ids.items()):
            yield (
                f"annotation{'s' * (len(numbers) != 1)} "
                f"{listed(sorted(numbers), most=10)} in {owner}'s project "
                f"{project} {'are' if len(numbers) != 1 else 'is'} by {annotator}"
            )
