"""Withdrawal of personal data from a corpus: the work behind ``corpus withdraw``.

The tombstone is written first, as a plan; then files are rewritten or deleted one by one; then the
tombstone is marked finished. A run after an interruption completes the plan, with the same result.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from corpus_tools.withdrawal.annotation_records import (
    changes_to_answers,
    changes_to_tables,
    changes_to_tasks,
)
from corpus_tools.withdrawal.changes import Change, Removal, csv_rows, sealed
from corpus_tools.withdrawal.derived_files import (
    changes_to_exports,
    changes_to_features,
    changes_to_pages,
    changes_to_runs,
    changes_to_versions,
    remake_command,
)
from corpus_tools.withdrawal.plan import WithdrawalPlan, plan_withdrawal
from corpus_tools.withdrawal.remains import find_remains, steps_for
from corpus_tools.withdrawal.stage_records import (
    changes_to_choices,
    changes_to_clips,
    changes_to_stages,
)
from manifests.base.outcome import Outcome, counted
from manifests.storage.copies import copy_warnings
from manifests.storage.partials import clear_partials, partial_path
from manifests.storage.records import Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import inside, rewrite
from manifests.storage.tombstones import TOMBSTONES, Kind, Tombstone, Withdrawn, put_tombstone

__all__ = ["finish_withdrawals", "finished_warnings", "withdraw"]


def withdraw(
    corpus: Path, kind: Kind, name: str, *, reason: str | None = None, dry_run: bool = False
) -> Outcome:
    """Delete all data of a withdrawn speaker, source or annotator, and leave a tombstone.

    The caller holds the corpus's lock. In the outcome an item is a withdrawn record or file;
    ``details["withdrawal"]`` counts them by place. The ``reason``, without names of persons, goes
    into the tombstone; a dry run only counts.

    Raises:
        ConfigurationError: naming the nearest ids, if the id is unknown.
        DataError: if a file that may name clips can't be read; nothing was changed then.
    """
    outcome = Outcome(warnings=copy_warnings(corpus))
    finished = [] if dry_run else finish_withdrawals(corpus)
    for earlier in finished:
        outcome.warnings += finished_warnings(earlier)
    plan = plan_withdrawal(corpus, kind, name, reason)
    stone = plan.tombstone
    if plan.earlier and plan.earlier.finished and _content(plan.earlier) == _content(stone):
        stone = plan.earlier
    removal = _removal_of(corpus, stone)
    counts: Counter[str] = Counter()
    changed: dict[Path, bytes | None] = {}
    exports: list[Path] = []
    for change in _changes(removal):
        counts[change.place] += change.count
        changed[change.path] = change.data
        exports += [change.path] if change.place == "exports" else []
    remains = find_remains(removal, changed)
    total = Counter(plan.earlier.counts if plan.earlier else {}) + +counts
    to_do = _manual_steps(corpus, plan, exports)
    to_do += steps_for({path: one for path, one in remains.items() if path not in plan.media})
    if plan.earlier is not None and stone == plan.earlier and not changed:
        outcome.warnings.append(f"{kind} '{name}' was withdrawn before; nothing left to delete")
    elif not dry_run:
        stone = stone.changed(counts=dict(sorted(total.items())), to_do=to_do, finished=False)
        put_tombstone(corpus, stone)
        _erase(corpus, stone)
    outcome.items_in = counts.total()
    outcome.kept = counts.total()
    outcome.outputs += [] if dry_run else [corpus / TOMBSTONES]
    outcome.details["withdrawal"] = {
        "kind": kind,
        "id": name,
        "created": stone.created,
        "dry_run": dry_run,
        "clips": len(stone.clips),
        "sources": [source.source_id for source in stone.sources],
        "versions": stone.versions,
        "places": dict(sorted((+counts).items())),
        "remains": list(remains),
    }
    outcome.warnings += to_do
    return outcome


def finish_withdrawals(corpus: Path) -> list[Tombstone]:
    """Complete interrupted withdrawals and return their plans; the caller holds the lock."""
    unfinished = [stone for stone in Withdrawn.of(corpus).tombstones if not stone.finished]
    for stone in unfinished:
        _erase(corpus, stone)
    return unfinished


def finished_warnings(stone: Tombstone) -> list[str]:
    """Return warnings for an interrupted withdrawal that was finished, with what is left to do."""
    done = f"the interrupted withdrawal of {stone.kind} '{stone.id}' was finished"
    return [done, *stone.to_do]


def _content(stone: Tombstone) -> dict[str, object]:
    """Return what a withdrawal is about, without how far it is."""
    return {
        name: value
        for name, value in stone.row().items()
        if name not in ("finished", "counts", "to_do")
    }


def _removal_of(corpus: Path, stone: Tombstone) -> Removal:
    withdrawn: Counter[str] = Counter()
    key = (stone.kind, stone.id)
    others = (other for other in Withdrawn.of(corpus).tombstones if (other.kind, other.id) != key)
    for each in chain(others, [stone]):
        withdrawn.update(each.milliseconds)
    return Removal(corpus, stone, withdrawn, _aliases(corpus, stone))


def _aliases(corpus: Path, stone: Tombstone) -> frozenset[str]:
    """Return an annotator's addresses, or the names of media files that no other source has."""
    if stone.kind == "annotator":
        rows = csv_rows(corpus / "annotations" / "annotators.csv")
        cells = {cell.strip() for row in rows if row[0].strip() == stone.id for cell in row}
        return frozenset(cell for cell in cells if "@" in cell)
    whole = {source.source_id for source in stone.sources}
    own: set[str] = set()
    others: set[str] = set()
    for source in read_stage(corpus, STAGES["sources"], Source):
        name = PurePosixPath(source.media_path).name
        (own if source.source_id in whole else others).add(name)
    return frozenset(own - others)


def _changes(removal: Removal) -> Iterator[Change]:
    """Yield all changes; records that locate other data are changed after it."""
    yield from changes_to_features(removal)
    yield from changes_to_exports(removal)
    yield from sealed(removal.corpus, changes_to_runs(removal))
    yield from changes_to_pages(removal)
    yield from changes_to_choices(removal)
    yield from sealed(removal.corpus, changes_to_tasks(removal))
    yield from changes_to_versions(removal)
    yield from sealed(removal.corpus, changes_to_answers(removal))
    yield from changes_to_stages(removal)
    yield from changes_to_tables(removal)
    yield from changes_to_clips(removal)


def _erase(corpus: Path, stone: Tombstone) -> None:
    for change in _changes(_removal_of(corpus, stone)):
        _apply(corpus, change)
    for source in stone.sources:
        _remove_empty(corpus / "clips" / source.source_id)
    clear_partials(corpus, below=True)
    put_tombstone(corpus, stone.changed(finished=True, to_do=[]))


def _apply(corpus: Path, change: Change) -> None:
    path = inside(corpus, change.path.relative_to(corpus).as_posix())
    if path.is_dir():
        with partial_path(path.parent) as aside:  # at once, for those who read it
            path.rename(aside)
    elif change.data is None:
        path.unlink(missing_ok=True)
    else:
        rewrite(path, change.data)


def _remove_empty(folder: Path) -> None:
    for path in [*sorted(folder.rglob("*"), reverse=True), folder]:
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def _manual_steps(corpus: Path, plan: WithdrawalPlan, exports: list[Path]) -> list[str]:
    stone = plan.tombstone
    sentences = [
        f"{folder.relative_to(corpus).as_posix()}: an export with withdrawn data, deleted as a "
        f"whole; make it anew: {remake_command(folder)}"
        for folder in exports
    ]
    sentences += [
        f"{media}: the original recording in the corpus folder was not deleted; delete it "
        f"if necessary"
        if whole
        else f"{media}: the original recording in the corpus folder also has the withdrawn clips; "
        f"delete it, or cut them out"
        for media, whole in plan.media.items()
    ]
    if plan.spellings:
        sentences.append(
            f"{', '.join(plan.spellings)} may be the same person in another spelling and was not "
            f"withdrawn; withdraw it, too, if it is"
        )
    if plan.unknown:
        have = "clip of the same sources has", "clips of the same sources have"
        sentences.append(
            f"{counted(plan.unknown, *have)} no known speaker and may contain the "
            f"voice; listen to them, or withdraw the sources with --source"
        )
    runs = corpus / "runs"
    configs = runs.glob("*/**/config.toml")
    trained = sorted({path.parent.relative_to(runs).as_posix() for path in configs})
    if trained and stone.versions:
        sentences.append(
            f"models are not changed: runs/{', runs/'.join(trained)} may have been trained on "
            f"withdrawn data; delete them and train again"
        )
    sentences.append(
        "delete data outside the corpus folder yourself: films and recordings, backups, published "
        "copies, and the database of a Label Studio server"
    )
    return sentences
