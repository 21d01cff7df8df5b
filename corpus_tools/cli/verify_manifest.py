"""`corpus verify-manifest`: check that a version and its clips are unchanged."""

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, Version, manifest_folder
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

__all__ = ["verify_manifest"]


def verify_manifest(
    version: Version = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check the files of a version, and every clip that it lists, against their sha256.

    Anything changed, missing or unexpected is listed, and the exit code is 1. Withdrawn clips are
    reported but aren't errors.
    """
    with session("verify-manifest", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace.workspace import Workspace
        from manifests.versions.verify import verify_manifest as verify

        folder = manifest_folder(Workspace.find(corpus).root, version)
        with run.progress("checking clips") as progress:
            outcome = run.read(
                folder.parent.parent,
                lambda: verify(folder, progress=progress),
                lambda checked: not checked.ok,
            )
        run.outcome.merge(outcome)
        found = outcome.details
        if outcome.ok:
            note = ": partly withdrawn, otherwise unchanged:" if found["withdrawn"] else ":"
            run.result(
                f"{found['version']}{note} {counted(found['files'], 'file')} and "
                f"{counted(found['clips'], 'clip')} are "
                f"as written"
            )
