"""`corpus withdraw`: delete all data of a speaker, source or annotator."""

from typing import TYPE_CHECKING, Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

if TYPE_CHECKING:
    from manifests.storage.tombstones import Kind

__all__ = ["withdraw"]


def withdraw(
    speaker: Annotated[
        str | None, typer.Option(help="Speaker to delete, by id, with all their clips.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Source to delete, by its source_id.")] = None,
    annotator: Annotated[
        str | None, typer.Option(help="Annotator to delete, by pseudonym, with all their answers.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Reason, stored in the tombstone; give no names.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be deleted, and change nothing.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Delete all data of a withdrawn speaker, source or annotator, leaving a tombstone.

    It can't be undone and asks for no confirmation: use --dry-run first. It is the only command
    that deletes frozen clips, and it removes their lines from old versions. Without an id it
    finishes interrupted withdrawals.
    """
    with session("withdraw", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.withdrawal.withdraw import finish_withdrawals, finished_warnings
        from corpus_tools.withdrawal.withdraw import withdraw as delete_data
        from corpus_tools.workspace.workspace import Workspace
        from manifests.base.errors import ConfigurationError

        given: list[tuple[Kind, str]] = []
        if speaker is not None:
            given.append(("speaker", speaker))
        if source is not None:
            given.append(("source", source))
        if annotator is not None:
            given.append(("annotator", annotator))
        workspace = Workspace.find(corpus)
        if len(given) > 1:
            raise ConfigurationError("give one of --speaker, --source and --annotator at a time")
        with workspace.lock("withdraw"):
            if not given:
                finished = [] if dry_run else finish_withdrawals(workspace.root)
                for stone in finished:
                    run.result(f"finished: {stone.kind} '{stone.id}'")
                    run.outcome.warnings += finished_warnings(stone)
                if not finished:
                    raise ConfigurationError(
                        "name the data to delete: --speaker, --source or --annotator ID"
                    )
                return
            kind, name = given[0]
            run.outcome.merge(
                delete_data(workspace.root, kind, name, reason=reason, dry_run=dry_run)
            )
        found = run.outcome.details["withdrawal"]
        for kind_of_data, count in found["places"].items():
            run.result(f"{kind_of_data:<16}{count:>8}")
        done = "would be deleted" if dry_run else "deleted"
        run.result(
            f"{kind} '{name}': {counted(found['clips'], 'clip')}, "
            f"{counted(len(found['sources']), 'whole source')}; "
            f"{counted(run.outcome.kept, 'record or file', 'records and files')} {done}"
        )
