"""Apply review decisions saved by the pages: the work of ``corpus review --apply``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus_tools.configuration.corpus import Configuration
from corpus_tools.review.decisions import Decision, DecisionChecker, read_decisions
from corpus_tools.review.source_data import SourceMedia, choose_sources, read_source_data
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.intake.selections import put_reviews, read_choices
from corpus_tools.segmentation.ledger.commit import FINGERPRINTS, sweep
from corpus_tools.segmentation.ledger.decisions import SourceDecisions, clips_of, ledger_fits
from corpus_tools.segmentation.ledger.update import Update
from corpus_tools.segmentation.repeats.resolve import resolve_repeats, warn_of_other_sources
from corpus_tools.segmentation.retrim import retrim, undone_trims
from corpus_tools.segmentation.screening.rules import Rules, drama_rules, recording_rules
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.decisions import is_decided
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Choice, Source
from manifests.storage.shards import STAGES, read_stage

__all__ = ["apply_files"]


def apply_files(
    corpus: Path,
    files: Sequence[Path],
    configuration: Configuration,
    *,
    media: Sequence[Path] = (),
    progress: Progress = no_progress,
) -> Outcome:
    """Store the decisions of files, and screen or cut their clips again.

    A bad row is reported as a failure and the others are applied; applying a file again changes
    nothing. The caller holds the corpus's lock.

    Args:
        corpus: the corpus folder.
        files: decision files, as for `read_decisions`.
        configuration: settings of corpus.toml.
        media: films, or folders of films, outside the corpus folder, for clips with moved edges.
        progress: called after each source.

    Returns:
        Counts of rows; ``details`` holds the number of each action and a report of each source.

    Raises:
        DataError: if the sources or the frozen clips of the corpus can't be read.
    """
    outcome = Outcome()
    sweep(corpus)
    rows = _rows_of_known_sources(corpus, _read_files(files, outcome), outcome)
    chosen = _sources_of_rows(corpus, media, rows, outcome)
    applier = _Applier(corpus, configuration, frozen_clips(corpus), rows, outcome)
    done: Counter[str] = Counter()
    sources = []
    for item, actions in run_each(
        chosen, applier.run, outcome, name=lambda item: item.source.source_id, progress=progress
    ):
        done += actions
        sources.append(item.source)
        outcome.outputs.append(corpus / "choices" / f"{item.source.source_id}.jsonl")
    changed = applier.screen([source for source in sources if applier.among_films(source)])
    warn_of_other_sources(changed - {source.source_id for source in sources}, outcome)
    reports = [
        applier.decisions[source.source_id].report(source.media_path, "screened")
        for source in sources
        if source.source_id in applier.decisions
    ]
    outcome.kept += done.total()
    outcome.details |= {
        "decisions": dict(sorted(done.items())),
        "sources": reports,
    }
    return outcome


@dataclass(frozen=True)
class _Applier:
    """Settings and rows of one call, and the resulting screening decisions by source id."""

    corpus: Path
    configuration: Configuration
    frozen: dict[str, str]
    rows: Sequence[Decision]
    outcome: Outcome
    decisions: dict[str, SourceDecisions] = field(default_factory=dict)

    def run(self, item: SourceMedia) -> Counter[str]:
        """Apply a source's rows and count the actions; films are screened later, all at once."""
        source, name = item.source, item.source.source_id
        update = Update(self.corpus, self._rules(source), self.frozen)
        if item.film and not ledger_fits(self.corpus, name):
            retrim(update, MediaInput(item.film, source, known=True))
        undecided = ledger_fits(self.corpus, name) and not is_decided(self.corpus, name)
        if undecided and self.among_films(source):
            self.screen([source])
        checked = self._check_rows(item)
        put_reviews(self.corpus, name, checked.choices, checked.undone)
        if item.film and _needs_cutting(self.corpus, source):
            retrim(update, MediaInput(item.film, source, known=True))
        if not self.among_films(source):
            _, self.decisions[name] = update.screen(source)
        return checked.actions

    def among_films(self, source: Source) -> bool:
        """Return whether a source's repeats are resolved among those of all films."""
        return FINGERPRINTS.path(self.corpus, source.source_id).is_file()

    def screen(self, films: Sequence[Source]) -> set[str]:
        """Screen films and resolve the repeats of all; return the ids of the changed sources."""
        given = [film.source_id for film in films]
        rules = drama_rules(self.configuration.screen)
        decisions, changed = resolve_repeats(self.corpus, given, rules, self.frozen, self.outcome)
        self.decisions.update(decisions)
        return changed

    def _check_rows(self, item: SourceMedia) -> "_CheckedRows":
        data = read_source_data(self.corpus, item.source)
        checker = DecisionChecker(
            source=item.source,
            film=item.film,
            clips={clip.clip_id: clip for clip in data.clips},
            accepted=frozenset(name for name, screen in data.decisions.items() if screen.accepted),
            choices=read_choices(self.corpus, item.source.source_id),
            frozen=self.frozen,
            settings=self.configuration.segment,
        )
        checked = _CheckedRows()
        for decision in self.rows:
            if decision.source_id != item.source.source_id:
                continue
            try:
                checked.add(decision, checker)
            except DataError as error:
                self.outcome.fail(decision.file, f"line {decision.line}: {error}")
        return checked

    def _rules(self, source: Source) -> Rules:
        settings = self.configuration
        if source.kind == "drama":
            return drama_rules(settings.screen)
        return recording_rules(settings.screen, settings.segment, settings.recordings)


@dataclass
class _CheckedRows:
    """Rows on one source that are consistent with the corpus: to store, to undo, by action."""

    taken: list[tuple[Decision, Choice]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)

    @property
    def choices(self) -> list[Choice]:
        return [choice for _, choice in self.taken]

    def add(self, decision: Decision, checker: DecisionChecker) -> None:
        """Add a row; raise DataError if it contradicts the corpus or an earlier row."""
        if decision.action == "undo":
            row = checker.undone(decision.clip_id)
            self.undone += [row.clip_id] if row and row.clip_id else []
        else:
            others = [other for other, _ in self.taken if other.clip_id != decision.clip_id]
            choice = checker.choice(decision, others)
            _refuse_overlap(choice, self.choices)
            self.taken.append((decision, choice))
        self.actions[decision.action] += 1


def _refuse_overlap(choice: Choice, taken: Sequence[Choice]) -> None:
    for other in taken:
        if other.clip_id != choice.clip_id and (
            choice.start < other.end and other.start < choice.end
        ):
            raise DataError(
                f"{choice.start:.3f} to {choice.end:.3f} overlaps {other.start:.3f} to "
                f"{other.end:.3f} of an earlier row; remove one of the two"
            )


def _read_files(files: Sequence[Path], outcome: Outcome) -> list[Decision]:
    """Return the rows of all files; a second decision on a clip is a failure."""
    rows: dict[tuple[str, str], Decision] = {}
    for file in files:
        try:
            for row in read_decisions(file):
                outcome.items_in += 1
                if isinstance(row, DataError):
                    outcome.fail(file.name, str(row))
                    continue
                first = rows.setdefault((row.source_id, row.clip_id), row)
                if first is not row:
                    outcome.fail(
                        file.name,
                        f"line {row.line}: {row.clip_id} has a decision in {first.file}, "
                        f"line {first.line}, already; remove one of the two",
                    )
        except DataError as error:
            outcome.items_in += 1
            outcome.fail(str(file), str(error).removeprefix(f"{file}: "))
    return list(rows.values())


def _rows_of_known_sources(
    corpus: Path, rows: Sequence[Decision], outcome: Outcome
) -> list[Decision]:
    known = {source.source_id for source in read_stage(corpus, STAGES["sources"], Source)}
    for row in rows:
        if row.source_id not in known:
            outcome.fail(
                row.file,
                f"line {row.line}: {row.source_id} is not a source of this corpus; don't "
                f"edit this column",
            )
    return [row for row in rows if row.source_id in known]


def _sources_of_rows(
    corpus: Path, media: Sequence[Path], rows: Sequence[Decision], outcome: Outcome
) -> list[SourceMedia]:
    wanted = list(dict.fromkeys(row.source_id for row in rows))
    if not wanted:
        return []
    lookup = Outcome()
    found = choose_sources(corpus, media, wanted, lookup)
    outcome.failures += lookup.failures
    return found


def _needs_cutting(corpus: Path, source: Source) -> bool:
    """Return whether a reviewed clip is not cut yet, or an undone trim still is."""
    name = source.source_id
    choices = read_choices(corpus, name)
    cut = {(clip.start, clip.end) for clip in clips_of(corpus, name)}
    return any((row.start, row.end) not in cut for row in choices.reviews) or bool(
        undone_trims(corpus, name, choices)
    )
