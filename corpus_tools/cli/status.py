"""`corpus status`: show the state of the corpus."""

from typing import TYPE_CHECKING, Any

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.access.table import ACCESS
from manifests.base.outcome import counted, listed

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["status"]


def status(
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show the counts of each stage, from sources to runs, and labels against targets."""
    with session("status", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.inspection.status import survey
        from corpus_tools.workspace.workspace import Workspace
        from manifests.storage.copies import copy_warnings

        workspace = Workspace.find(corpus)
        root = workspace.root
        found = run.read(root, lambda: survey(workspace), lambda found: bool(found["problems"]))
        run.outcome.details |= found
        run.outcome.warnings += copy_warnings(root)
        run.result(f"{found['name']} ({found['language']}), {root}")
        for line in _lines(found, run.beside):
            run.result(line)
        run.result(_label_table(found["labels"]))
        for problem in found["problems"]:
            run.outcome.fail("status", problem)


def _lines(found: dict[str, Any], at_work: set[str]) -> list[str]:
    clips, annotation = found["clips"], found["annotation"]
    rejected = (
        f" (rejected, by first reason: {_joined(clips['rejected'])})" if clips["rejected"] else ""
    )
    sources = ", ".join(
        f"{n} {kind} ({found['seconds'][kind] / 60:.1f} min)"
        for kind, n in found["sources"].items()
    )
    lines = [
        f"sources      {sources or 'none; run: corpus segment MEDIA…'}",
        f"clips        {clips['cut']} cut, {clips['accepted']} accepted{rejected}",
        f"             {clips['frozen']} frozen, {clips['superseded']} superseded, "
        f"{clips['orphaned']} orphaned",
        *_undecided(found["undecided"], at_work),
        *(f"by class     {sentence}" for sentence in found["losses"]),
        f"texts        {_joined(found['texts']) or 'none; run: corpus transcribe'}",
        f"annotation   {counted(annotation['tasks'], 'task')}; "
        f"{counted(annotation['answered'], 'answer')} and "
        f"{counted(annotation['skipped'], 'skip')} of "
        f"{counted(annotation['annotators'], 'annotator')}",
        f"no class     {_joined(found['unlabelled']) or 'none'}"
        + (_SETTLE if "tie" in found["unlabelled"] else ""),
        "manifests    "
        + (
            ", ".join(f"{m['version']} ({counted(m['clips'], 'clip')})" for m in found["manifests"])
            or "none"
        ),
        f"runs         {', '.join(found['runs']) or 'none'}",
    ]
    for number, row in enumerate(found["withdrawn"]):
        lines.append(f"{'' if number else 'withdrawn':<13}{_withdrawn(row, at_work)}")
    if found["problems"]:
        lines.append(
            "doesn't fit  some files, named below and not counted; corpus verify checks all"
        )
    total = sum(found["ledger"].values())
    if total:
        lines.append("seconds      " + _seconds(found["ledger"], total))
    return lines


def _undecided(sources: list[str], at_work: set[str]) -> list[str]:
    if not sources:
        return []
    changing = [name for name in sorted(at_work & ACCESS.keys()) if "clips" in ACCESS[name].changes]
    reason = (
        f"{' and '.join(changing)} is at work on them"
        if changing
        else "a run was interrupted, and their clips are not used; run it again, or corpus screen"
    )
    return [f"undecided    {listed(sources, most=5)}: {reason}"]


def _seconds(ledger: dict[str, float], total: float) -> str:
    shares = (
        f"{reason.replace('_', ' ')} {seconds:.0f} ({seconds / total:.0%})"
        for reason, seconds in sorted(ledger.items(), key=lambda item: -item[1])
    )
    return ", ".join(shares)


def _withdrawn(row: dict[str, Any], at_work: set[str]) -> str:
    unfinished = "" if row["finished"] else "; interrupted, finish it with: corpus withdraw"
    if unfinished and "withdraw" in at_work:
        unfinished = "; at work"
    return (
        f"{row['kind']} {row['id']}: {counted(row['clips'], 'clip')}, "
        f"{counted(row['judgements'], 'judgement')}, "
        f"{row['created'][:10]}{unfinished}"
    )


def _joined(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())


def _label_table(labels: dict[str, dict[str, int]]) -> "Table":
    from rich.table import Table

    table = Table("class", "labelled", "target", "missing", "")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in labels.items():
        share = f"{row['clips'] / row['target']:.0%}" if row["target"] else ""
        numbers = (str(row[column]) for column in ("clips", "target", "missing"))
        table.add_row(name, *numbers, share)
    return table


_SETTLE = "; settle ties with: corpus export-tasks --disputed --annotators NAMES"
