"""`corpus export-tasks`: clips for people to label, as Label Studio imports them."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["export_tasks"]

_LOCAL_FILES = """\
in Label Studio, started with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and
LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={root}
  1. create a project (one per annotator keeps them blind to each other)
  2. Settings > Labeling Interface > Code: paste {configuration}
  3. Settings > Cloud Storage > Add Source Storage > Local files, path {clips}
     (needed for serving the clips; don't synchronise it)
  4. Import > {tasks}"""

_OVER_HTTP = """\
in Label Studio
  1. create a project (one per annotator keeps them blind to each other)
  2. Settings > Labeling Interface > Code: paste {configuration}
  3. serve {clips} at {url} (with CORS for Label Studio's address)
  4. Import > {tasks}"""


def export_tasks(
    batch: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to call it.", show_default="batch-0001, -0002, …"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="At most so many tasks.", show_default="all there are")
    ] = None,
    seed: Annotated[int, typer.Option(help="Settles the order of the tasks.")] = 0,
    audio_base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Web address of the corpus's folder clips.",
            show_default="Label Studio's local files",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write tasks for the accepted clips that no earlier batch names, in shuffled order."""
    with session("export-tasks", as_json=json, quiet=quiet, verbose=verbose) as run:
        from annotation import tasks
        from corpus_tools.workspace import Workspace

        workspace = Workspace.find(corpus)
        settings = workspace.configuration
        with workspace.lock():
            outcome = tasks.export_tasks(
                workspace.root,
                batch=batch,
                limit=limit,
                seed=seed,
                audio_base_url=audio_base_url,
                annotation=settings.annotation,
                text=settings.text,
            )
        run.outcome.merge(outcome)
        if outcome.outputs:
            path, configuration = outcome.outputs
            run.result(f"{outcome.details['batch']}: {outcome.kept} tasks in {path}")
            how = _LOCAL_FILES if audio_base_url is None else _OVER_HTTP
            run.note(
                how.format(
                    root=workspace.root,
                    clips=workspace.clips,
                    configuration=configuration,
                    tasks=path,
                    url=audio_base_url,
                )
            )
