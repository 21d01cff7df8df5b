"""Take in what people decided on the pages: the work behind ``corpus review --apply``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from corpus_tools.configuration import Configuration
from corpus_tools.review.checking import Checker
from corpus_tools.review.decisions import Decision, read_decisions
from corpus_tools.review.films import Reviewed, choose_sources
from corpus_tools.review.material import read_material
from corpus_tools.runner import run_each
from corpus_tools.segmentation.choices import put_reviews, read_choices
from corpus_tools.segmentation.duplicates import mark_repeats, warn_of_other_sources
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.publish import clips_of, ledger_fits, rescreen, sweep
from corpus_tools.segmentation.report import report_of
from corpus_tools.segmentation.screening import Rules, drama_rules, recording_rules
from corpus_tools.segmentation.trimming import retrim, undone_trims
from corpus_tools.segmentation.update import Update
from manifests.errors import DataError
from manifests.frozen import frozen_clips
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import Choice, Source
from manifests.shards import STAGES, read_stage

__all__ = ["apply_files"]


def apply_files(
    corpus: Path,
    files: Sequence[Path],
    configuration: Configuration,
    *,
    media: Sequence[Path] = (),
    progress: Progress = no_progress,
) -> Outcome:
    """Store the decisions of files, and screen or cut anew what they are about.

    A bad row costs one sentence, the others are taken in; the same file again changes nothing.
    The caller holds the corpus's lock.

    Args:
        corpus: the corpus folder.
        files: as for `read_decisions`.
        configuration: all of corpus.toml.
        media: films whose clips get other edges, or folders with them; those that lie in the
            corpus folder are found without.
        progress: told after each source.

    Returns:
        Counts of rows; in ``details`` how many of each verdict, and a report of each source.

    Raises:
        DataError: if it can't be told which sources the corpus has, or which clips are frozen.
    """
    outcome = Outcome()
    sweep(corpus)
    rows = _of_known_sources(corpus, _read(files, outcome), outcome)
    chosen = _films(corpus, media, rows, outcome)
    work = _Applying(corpus, configuration, frozen_clips(corpus), rows, outcome)
    done: Counter[str] = Counter()
    sources = []
    for one, verdicts in run_each(
        chosen, work.run, outcome, name=lambda one: one.source.source_id, progress=progress
    ):
        done += verdicts
        sources.append(one.source)
        outcome.outputs.append(corpus / "choices" / f"{one.source.source_id}.jsonl")
    settled = mark_repeats(corpus, drama_rules(configuration.screen), work.frozen, outcome)
    warn_of_other_sources(settled - {source.source_id for source in sources}, outcome)
    reports = [
        report_of(corpus, source.source_id, source.media_path, "screened") for source in sources
    ]
    outcome.kept += done.total()
    outcome.details |= {
        "decisions": dict(sorted(done.items())),
        "sources": [asdict(report) for report in reports],
    }
    return outcome


@dataclass(frozen=True)
class _Applying:
    """One run's settings and rows; `run` does one source."""

    corpus: Path
    configuration: Configuration
    frozen: dict[str, str]
    rows: Sequence[Decision]
    outcome: Outcome

    def run(self, one: Reviewed) -> Counter[str]:
        """Store what was decided on a source and follow it; returns how many of each verdict."""
        source = one.source
        rules = self._rules(source)
        update = Update(self.corpus, rules, self.frozen)
        if one.film and not ledger_fits(self.corpus, source.source_id):
            retrim(update, MediaInput(one.film, source, known=True))
        checked = self._checked(one)
        put_reviews(self.corpus, source.source_id, checked.choices, checked.undone)
        if one.film and _is_to_cut(self.corpus, source):
            retrim(update, MediaInput(one.film, source, known=True))
        else:
            rescreen(self.corpus, source.source_id, rules)
        return checked.verdicts

    def _checked(self, one: Reviewed) -> "_Checked":
        material = read_material(self.corpus, one.source)
        checker = Checker(
            source=one.source,
            film=one.film,
            clips={clip.clip_id: clip for clip in material.clips},
            accepted=frozenset(
                name for name, screen in material.decisions.items() if screen.accepted
            ),
            choices=read_choices(self.corpus, one.source.source_id),
            frozen=self.frozen,
            settings=self.configuration.segment,
        )
        checked = _Checked()
        for decision in self.rows:
            if decision.source_id != one.source.source_id:
                continue
            try:
                checked.take(decision, checker)
            except DataError as error:
                self.outcome.fail(decision.file, f"line {decision.line}: {error}")
        return checked

    def _rules(self, source: Source) -> Rules:
        settings = self.configuration
        if source.kind == "drama":
            return drama_rules(settings.screen)
        return recording_rules(settings.screen, settings.segment, settings.recordings)


@dataclass
class _Checked:
    """The rows on one source that fit the corpus.

    Attributes:
        taken: those to store, with their records.
        undone: clips, as they were planned, whose decisions are taken back.
        verdicts: how many rows of each verdict.
    """

    taken: list[tuple[Decision, Choice]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def choices(self) -> list[Choice]:
        return [choice for _, choice in self.taken]

    def take(self, decision: Decision, checker: Checker) -> None:
        """Add a row; raises DataError if it does not fit the corpus or an earlier row."""
        if decision.verdict == "undo":
            row = checker.undone(decision.clip_id)
            self.undone += [row.clip_id] if row and row.clip_id else []
        else:
            others = [other for other, _ in self.taken if other.clip_id != decision.clip_id]
            choice = checker.choice(decision, others)
            _refuse_overlap(choice, self.choices)
            self.taken.append((decision, choice))
        self.verdicts[decision.verdict] += 1


def _refuse_overlap(choice: Choice, taken: Sequence[Choice]) -> None:
    for other in taken:
        if other.clip_id != choice.clip_id and (
            choice.start < other.end and other.start < choice.end
        ):
            raise DataError(
                f"{choice.start:.3f} to {choice.end:.3f} overlaps {other.start:.3f} to "
                f"{other.end:.3f}, which an earlier row wants; decide for one of the two"
            )


def _read(files: Sequence[Path], outcome: Outcome) -> list[Decision]:
    """Return the rows of all files, each clip decided on once."""
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
                        f"line {row.line}: {row.clip_id} was decided on already in {first.file}, "
                        f"line {first.line}; leave one of the two",
                    )
        except DataError as error:
            outcome.items_in += 1
            outcome.fail(str(file), str(error).removeprefix(f"{file}: "))
    return list(rows.values())


def _of_known_sources(corpus: Path, rows: Sequence[Decision], outcome: Outcome) -> list[Decision]:
    known = {source.source_id for source in read_stage(corpus, STAGES["sources"], Source)}
    for row in rows:
        if row.source_id not in known:
            outcome.fail(
                row.file,
                f"line {row.line}: {row.source_id} is no source of this corpus; leave "
                f"this column as the page wrote it",
            )
    return [row for row in rows if row.source_id in known]


def _films(
    corpus: Path, media: Sequence[Path], rows: Sequence[Decision], outcome: Outcome
) -> list[Reviewed]:
    wanted = list(dict.fromkeys(row.source_id for row in rows))
    if not wanted:
        return []
    looking = Outcome()
    found = choose_sources(corpus, media, wanted, looking)
    outcome.failures += looking.failures
    return found


def _is_to_cut(corpus: Path, source: Source) -> bool:
    """Return whether a stretch that a person chose is no clip yet, or one they gave up still is."""
    name = source.source_id
    choices = read_choices(corpus, name)
    cut = {(clip.start, clip.end) for clip in clips_of(corpus, name)}
    return any((row.start, row.end) not in cut for row in choices.reviews) or bool(
        undone_trims(corpus, name, choices)
    )
