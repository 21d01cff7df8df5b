"""Take somebody's data out of a corpus: the work behind ``corpus withdraw``.

The tombstone is written first, as a plan; then each file is written anew or deleted, one after the
other; then the tombstone says that it is finished. Whoever runs it again after it was killed goes
on with the plan, and ends with the same files.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from corpus_tools.withdrawal.people import (
    changes_to_answers,
    changes_to_tables,
    changes_to_tasks,
)
from corpus_tools.withdrawal.plan import Plan, plan_withdrawal
from corpus_tools.withdrawal.products import (
    changes_to_features,
    changes_to_pages,
    changes_to_runs,
    changes_to_versions,
)
from corpus_tools.withdrawal.remains import remains_of, sweep_partial
from corpus_tools.withdrawal.removal import Change, Removal
from corpus_tools.withdrawal.stages import (
    changes_to_choices,
    changes_to_clips,
    changes_to_stages,
)
from manifests.outcome import Outcome
from manifests.store import inside, rewrite
from manifests.tombstones import TOMBSTONES, Kind, Tombstone, Withdrawn, put_tombstone

__all__ = ["finish_withdrawals", "withdraw"]


def withdraw(
    corpus: Path, kind: Kind, name: str, *, reason: str | None = None, dry_run: bool = False
) -> Outcome:
    """Delete what a speaker, a source or an annotator takes back, and leave a tombstone.

    The caller holds the corpus's lock. In the outcome an item is a record or a file of the
    withdrawn; ``details["withdrawal"]`` tells them by place.

    Args:
        corpus: the corpus folder.
        kind: what is withdrawn.
        name: its id.
        reason: why, for the tombstone; no name of a person.
        dry_run: count only, and change nothing.

    Raises:
        ConfigurationError: naming the nearest, if there is no such id.
        DataError: if a file that may name clips can't be read; nothing was changed then.
    """
    outcome = Outcome()
    finished = [] if dry_run else finish_withdrawals(corpus)
    outcome.warnings += [
        f"the interrupted withdrawal of {one.kind} '{one.id}' was finished" for one in finished
    ]
    plan = plan_withdrawal(corpus, kind, name, reason)
    earlier = next(
        (one for one in Withdrawn.of(corpus).tombstones if (one.kind, one.id) == (kind, name)), None
    )
    counts = _counted(corpus, plan.tombstone)
    total = Counter(earlier.counts if earlier else {}) + counts
    stone = plan.tombstone.changed(counts=dict(sorted(total.items())))
    new = earlier is None or _content(stone) != _content(earlier)
    if not new:
        outcome.warnings.append(f"{kind} '{name}' was withdrawn before; nothing is left to delete")
    elif not dry_run:
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
        "sources": [gone.source_id for gone in stone.sources],
        "versions": stone.versions,
        "places": dict(sorted(counts.items())),
    }
    outcome.warnings += _left_to_people(corpus, plan)
    if not dry_run:
        remains = remains_of(_removal(corpus, stone))
        outcome.details["withdrawal"]["remains"] = remains
        outcome.warnings += [
            f"{place} still names what was withdrawn; corpus-tools did not write it or may not "
            f"change it: edit or delete it yourself"
            for place in remains
        ]
    return outcome


def finish_withdrawals(corpus: Path) -> list[Tombstone]:
    """Go on with withdrawals that were interrupted, and return them; hold the lock meanwhile."""
    found = [one for one in Withdrawn.of(corpus).tombstones if not one.finished]
    for stone in found:
        _erase(corpus, stone)
    return found


def _content(stone: Tombstone) -> dict[str, object]:
    return {name: value for name, value in stone.row().items() if name != "finished"}


def _removal(corpus: Path, stone: Tombstone) -> Removal:
    spent: Counter[str] = Counter()
    key = (stone.kind, stone.id)
    others = (one for one in Withdrawn.of(corpus).tombstones if (one.kind, one.id) != key)
    for one in chain(others, [stone]):
        spent.update(one.milliseconds)
    return Removal(corpus, stone, spent)


def _changes(removal: Removal) -> Iterator[Change]:
    """Yield all that is to change, so that what tells of the rest goes after the rest."""
    yield from changes_to_features(removal)
    yield from changes_to_runs(removal)
    yield from changes_to_pages(removal)
    yield from changes_to_choices(removal)
    yield from changes_to_tasks(removal)
    yield from changes_to_versions(removal)
    yield from changes_to_answers(removal)
    yield from changes_to_clips(removal)
    yield from changes_to_stages(removal)
    yield from changes_to_tables(removal)


def _counted(corpus: Path, stone: Tombstone) -> Counter[str]:
    counts: Counter[str] = Counter()
    for change in _changes(_removal(corpus, stone)):
        counts[change.place] += change.count
    return +counts


def _erase(corpus: Path, stone: Tombstone) -> None:
    for change in _changes(_removal(corpus, stone)):
        _apply(corpus, change)
    for gone in stone.sources:
        _remove_empty(corpus / "clips" / gone.source_id)
    sweep_partial(corpus)
    put_tombstone(corpus, stone.changed(finished=True))


def _apply(corpus: Path, change: Change) -> None:
    path = inside(corpus, change.path.relative_to(corpus).as_posix())
    if change.data is None:
        path.unlink(missing_ok=True)
    else:
        rewrite(path, change.data)


def _remove_empty(folder: Path) -> None:
    for one in (folder / "context", folder):
        if one.is_dir() and not one.is_symlink() and not any(one.iterdir()):
            one.rmdir()


def _left_to_people(corpus: Path, plan: Plan) -> list[str]:
    stone = plan.tombstone
    sentences = [
        f"{media}: the recording itself lies in the corpus folder and was not deleted; delete it "
        f"if it is to go, too"
        for media in plan.media
    ]
    if plan.unknown:
        sentences.append(
            f"{plan.unknown} clips of the same sources have no known speaker and may hold the "
            f"voice; listen to them, or withdraw the sources with --source"
        )
    runs = corpus / "runs"
    found = runs.glob("*/**/config.toml")
    trained = sorted({path.parent.relative_to(runs).as_posix() for path in found})
    if trained and stone.versions:
        sentences.append(
            f"models can't be made to forget: runs/{', runs/'.join(trained)} may have learnt from "
            f"what was withdrawn; delete them and train again"
        )
    sentences.append(
        "outside the corpus folder these are left to you: films and recordings, backups, published "
        "copies, and what a Label Studio server has in its own database"
    )
    return sentences
