"""Withdrawal of personal data from a corpus: the work behind ``corpus withdraw``.

The tombstone is written first, as a plan; then files are rewritten or deleted one by one; then the
tombstone is marked finished. A run after an interruption completes the plan, with the same result.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from corpus_tools.withdrawal.annotation_records import (
    changes_to_answers,
    changes_to_tables,
    changes_to_tasks,
)
from corpus_tools.withdrawal.changes import Change, Removal, sealed
from corpus_tools.withdrawal.derived_files import (
    changes_to_features,
    changes_to_pages,
    changes_to_runs,
    changes_to_versions,
)
from corpus_tools.withdrawal.plan import WithdrawalPlan, plan_withdrawal
from corpus_tools.withdrawal.stage_records import (
    changes_to_choices,
    changes_to_clips,
    changes_to_stages,
)
from manifests.base.outcome import Outcome
from manifests.storage.copies import copy_warnings
from manifests.storage.partials import clear_partials
from manifests.storage.store import inside, rewrite
from manifests.storage.tombstones import TOMBSTONES, Kind, Tombstone, Withdrawn, put_tombstone
from manifests.versions.redaction import REDACTION

__all__ = ["finish_withdrawals", "withdraw"]


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
    outcome.warnings += [
        f"the interrupted withdrawal of {stone.kind} '{stone.id}' was finished"
        for stone in finished
    ]
    plan = plan_withdrawal(corpus, kind, name, reason)
    counts = _count_changes(corpus, plan.tombstone)
    total = Counter(plan.earlier.counts if plan.earlier else {}) + counts
    stone = plan.tombstone.changed(counts=dict(sorted(total.items())))
    new = plan.earlier is None or _content(stone) != _content(plan.earlier)
    if not new:
        outcome.warnings.append(f"{kind} '{name}' was withdrawn before; nothing left to delete")
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
        "sources": [source.source_id for source in stone.sources],
        "versions": stone.versions,
        "places": dict(sorted(counts.items())),
    }
    outcome.warnings += _manual_steps(corpus, plan)
    if not dry_run:
        residue = _find_residue(_removal_of(corpus, stone))
        outcome.details["withdrawal"]["remains"] = residue
        outcome.warnings += [
            f"{path} still mentions withdrawn data; corpus-tools didn't write it or must not "
            f"change it: edit or delete it yourself"
            for path in residue
        ]
    return outcome


def finish_withdrawals(corpus: Path) -> list[Tombstone]:
    """Complete interrupted withdrawals and return them; the caller holds the lock."""
    unfinished = [stone for stone in Withdrawn.of(corpus).tombstones if not stone.finished]
    for stone in unfinished:
        _erase(corpus, stone)
    return unfinished


def _content(stone: Tombstone) -> dict[str, object]:
    return {name: value for name, value in stone.row().items() if name != "finished"}


def _removal_of(corpus: Path, stone: Tombstone) -> Removal:
    withdrawn: Counter[str] = Counter()
    key = (stone.kind, stone.id)
    others = (other for other in Withdrawn.of(corpus).tombstones if (other.kind, other.id) != key)
    for each in chain(others, [stone]):
        withdrawn.update(each.milliseconds)
    return Removal(corpus, stone, withdrawn)


def _changes(removal: Removal) -> Iterator[Change]:
    """Yield all changes; records that locate other data are changed after it."""
    yield from changes_to_features(removal)
    yield from sealed(removal.corpus, changes_to_runs(removal))
    yield from changes_to_pages(removal)
    yield from changes_to_choices(removal)
    yield from sealed(removal.corpus, changes_to_tasks(removal))
    yield from changes_to_versions(removal)
    yield from sealed(removal.corpus, changes_to_answers(removal))
    yield from changes_to_clips(removal)
    yield from changes_to_stages(removal)
    yield from changes_to_tables(removal)


def _count_changes(corpus: Path, stone: Tombstone) -> Counter[str]:
    counts: Counter[str] = Counter()
    for change in _changes(_removal_of(corpus, stone)):
        counts[change.place] += change.count
    return +counts


def _erase(corpus: Path, stone: Tombstone) -> None:
    for change in _changes(_removal_of(corpus, stone)):
        _apply(corpus, change)
    for source in stone.sources:
        _remove_empty(corpus / "clips" / source.source_id)
    clear_partials(corpus, below=True)
    put_tombstone(corpus, stone.changed(finished=True))


def _apply(corpus: Path, change: Change) -> None:
    path = inside(corpus, change.path.relative_to(corpus).as_posix())
    if change.data is None:
        path.unlink(missing_ok=True)
    else:
        rewrite(path, change.data)


def _remove_empty(folder: Path) -> None:
    for path in (folder / "context", folder):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def _manual_steps(corpus: Path, plan: WithdrawalPlan) -> list[str]:
    stone = plan.tombstone
    sentences = [
        f"{media}: the original recording in the corpus folder was not deleted; delete it "
        f"if necessary"
        for media in plan.media
    ]
    if plan.spellings:
        sentences.append(
            f"{', '.join(plan.spellings)} may be the same person in another spelling and was not "
            f"withdrawn; withdraw it, too, if it is"
        )
    if plan.unknown:
        sentences.append(
            f"{plan.unknown} clips of the same sources have no known speaker and may contain the "
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


def _find_residue(removal: Removal) -> list[str]:
    """Return the text files, but for tombstones, that still mention withdrawn ids, sorted."""
    residue = []
    for path in _text_files(removal.corpus):
        place = path.relative_to(removal.corpus).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        if removal.covers(path.stem) or removal.mentions(text):
            residue.append(place)
    return sorted(residue)


def _text_files(corpus: Path) -> Iterator[Path]:
    for path in corpus.rglob("*"):
        if path.suffix not in _TEXT_SUFFIXES or path.name in (TOMBSTONES, REDACTION):
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _MAX_BYTES:
            yield path


_TEXT_SUFFIXES = {".csv", ".html", ".json", ".jsonl", ".md", ".toml", ".txt", ".xml", ".log"}
_MAX_BYTES = 1 << 30  # bytes
