"""`corpus withdraw`: delete what a person takes back, leaving a tombstone."""

from typing import TYPE_CHECKING, Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

if TYPE_CHECKING:
    from manifests.tombstones import Kind

__all__ = ["withdraw"]


def withdraw(
    speaker: Annotated[
        str | None, typer.Option(help="Delete all clips of this speaker, by id.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Delete all of this source, by its source_id.")
    ] = None,
    annotator: Annotated[
        str | None, typer.Option(help="Delete all answers of this annotator, by pseudonym.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, kept in the tombstone; name nobody in it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go, and change nothing.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Delete what somebody takes back from the whole corpus folder, leaving a tombstone.

    It can't be undone and asks nothing: look at --dry-run first. It is the only command that
    deletes frozen clips, and takes their lines out of old versions. Without an id it finishes
    withdrawals that were interrupted.
    """
    with session("withdraw", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.withdrawal.withdraw import finish_withdrawals
        from corpus_tools.withdrawal.withdraw import withdraw as take_out
        from corpus_tools.workspace import Workspace
        from manifests.errors import ConfigurationError

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
        with workspace.lock(withdrawing=True):
            if not given:
                finished = [] if dry_run else finish_withdrawals(workspace.root)
                for stone in finished:
                    run.result(f"finished: {stone.kind} '{stone.id}'")
                if not finished:
                    raise ConfigurationError(
                        "say whose data goes: --speaker, --source or --annotator ID"
                    )
                return
            kind, name = given[0]
            run.outcome.merge(take_out(workspace.root, kind, name, reason=reason, dry_run=dry_run))
        found = run.outcome.details["withdrawal"]
        for place, count in found["places"].items():
            run.result(f"{place:<16}{count:>8}")
        goes = "would go" if dry_run else "went"
        run.result(
            f"{kind} '{name}': {found['clips']} clips, {len(found['sources'])} whole sources; "
            f"{run.outcome.kept} records and files {goes}"
        )
