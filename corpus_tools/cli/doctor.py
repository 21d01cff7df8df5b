"""`corpus doctor`: check this machine's installation."""

from pathlib import Path

from corpus_tools.cli.options import AsJson, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["doctor"]

MARKS = {"ok": "ok     ", "note": "note   ", "missing": "MISSING"}


def doctor(json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Check that this machine has what the commands need, and suggest improvements."""
    with session("doctor", as_json=json, quiet=quiet, verbose=verbose) as run:
        from dataclasses import asdict

        from corpus_tools.inspection.doctor import examine

        checks = []
        for check in examine(Path.cwd()):
            checks.append(asdict(check))
            run.result(f"{MARKS[check.state]}  {check.name:<17} {check.text}")
            if check.state == "missing":
                run.outcome.fail(check.name, check.text)
        run.outcome.details["checks"] = checks
