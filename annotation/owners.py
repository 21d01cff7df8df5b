"""Whose each project of a server is, and which answers settle what votes left open."""

from pathlib import Path

from annotation.batches import read_plans
from annotation.label_studio.server_file import ServerFile
from manifests.records import Judgement

__all__ = ["Owners"]


class Owners:
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
            return judgement.model_copy(update={"role": "adjudication"})
        return judgement

    def stranger(self, judgement: Judgement) -> str | None:
        """Say whose project a judgement is in, if not its annotator's: the two weren't blind."""
        owner, _ = self._project(judgement)
        if owner is None or owner == judgement.annotator:
            return None
        return (
            f"annotation {judgement.annotation_id} in {owner}'s project {judgement.project_id} is "
            f"by {judgement.annotator}"
        )

    def _project(self, judgement: Judgement) -> tuple[str | None, str]:
        key = (judgement.server, judgement.project_id or 0)
        return self._projects.get(key, (None, "label"))
