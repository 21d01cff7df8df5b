"""Whose each project of a server is, and which answers settle what votes left open."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from annotation.batches import read_plans
from annotation.label_studio.server_file import ServerFile
from manifests.records import Judgement

__all__ = ["MisplacedAnswers", "ProjectOwners"]


class ProjectOwners:
    """What plans of batches and annotations/server.json say about judgements.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if a plan or annotations/server.json can't be read.
    """

    def __init__(self, corpus: Path) -> None:
        self._projects = ServerFile.read(corpus).owners()
        plans = read_plans(corpus).items()
        self._adjudications = {name for name, plan in plans if plan.kind == "adjudication"}

    def with_role(self, judgement: Judgement) -> Judgement:
        """Return the judgement as an adjudication if its batch or project is one of those.

        Who answers disputed clips may have seen the votes: that is no vote like the others.
        """
        if judgement.batch in self._adjudications or self._project(judgement)[1] == "adjudication":
            return judgement.changed(role="adjudication")
        return judgement

    def owner(self, judgement: Judgement) -> str | None:
        """Return whose project a judgement is in; None if it is shared, or not known."""
        return self._project(judgement)[0]

    def _project(self, judgement: Judgement) -> tuple[str | None, str]:
        key = (judgement.server, judgement.project_id or 0)
        return self._projects.get(key, (None, "label"))


class MisplacedAnswers:
    """Judgements in somebody else's project: whoever made them was not blind to the owner's."""

    def __init__(self) -> None:
        self._annotation_ids: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(map(len, self._annotation_ids.values()))

    def add(self, judgement: Judgement, owner: str | None) -> None:
        """Take a judgement into account if its annotator isn't the owner of its project."""
        if owner is not None and owner != judgement.annotator:
            key = (owner, judgement.project_id or 0, judgement.annotator)
            self._annotation_ids[key].append(judgement.annotation_id)

    def warnings(self) -> Iterator[str]:
        """Yield a sentence for each project and person."""
        for (owner, project, annotator), numbers in sorted(self._annotation_ids.items()):
            named = ", ".join(map(str, sorted(numbers)[:_MOST_NAMED]))
            more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
            yield (
                f"annotation{'s' * (len(numbers) != 1)} {named}{more} in {owner}'s project "
                f"{project} {'are' if len(numbers) != 1 else 'is'} by {annotator}"
            )


_MOST_NAMED = 10
