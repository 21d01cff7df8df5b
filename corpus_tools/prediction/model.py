"""The model that a command names, within a corpus or outside of one."""

from pathlib import Path

from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError
from models.runs import DESCRIPTION, find_run

__all__ = ["find_model"]


def find_model(name: str | None, corpus: Path | None) -> tuple[Workspace | None, Path]:
    """Return the corpus and the folder of a run; outside of a corpus, ``name`` is that folder.

    Raises:
        ConfigurationError: if there is no corpus, and ``name`` is no folder of a run.
        DataError: if the corpus has no such run.
    """
    try:
        workspace = Workspace.find(corpus)
    except ConfigurationError:
        if corpus is not None or name is None or not (Path(name) / DESCRIPTION).is_file():
            raise
        return None, Path(name)
    return workspace, find_run(workspace.runs, name)
