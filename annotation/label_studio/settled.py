"""Tasks that annotators have finished, in any project, existing or deleted."""

from collections import defaultdict
from pathlib import Path

from annotation.judgements import latest, read_judgements
from annotation.label_studio.destinations import TaskKey
from annotation.label_studio.reconcile import TaskState

__all__ = ["finished_tasks"]


def finished_tasks(corpus: Path) -> dict[str, dict[TaskKey, TaskState]]:
    """Return the states of the tasks that each annotator answered or skipped, by pseudonym.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if a file of judgements can't be read.
    """
    found: defaultdict[str, dict[TaskKey, TaskState]] = defaultdict(dict)
    for judgement in latest(read_judgements(corpus)):
        key = (judgement.batch or "", judgement.clip_id)
        found[judgement.annotator][key] = judgement.status
    return dict(found)
