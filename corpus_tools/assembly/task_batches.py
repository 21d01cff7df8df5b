"""Export of task batches by the options of ``corpus export-tasks``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annotation.labels.aggregate import aggregated_labels
from annotation.tasks.assignment import Panel
from annotation.tasks.disputed import export_disputed
from annotation.tasks.export import Ranking, check_limit, export_tasks, hash_order
from annotation.tasks.priority import ranked, read_predictions
from annotation.tasks.suspects import SecondVotes
from corpus_tools.assembly.excerpts import Excerpts
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError
from manifests.base.outcome import Outcome, Progress, counted, no_progress
from manifests.storage.records import Transcript
from manifests.storage.shards import STAGES, read_stage

__all__ = ["BatchOptions", "export_batch"]


@dataclass(frozen=True)
class BatchOptions:
    """Options of ``corpus export-tasks``.

    Attributes:
        batch: name of the batch; None: the next number.
        limit: maximum number of clips; None: all.
        seed: random seed of assignment and order.
        annotators: pseudonyms; None: one list for all.
        per_clip: annotators per clip; None: all.
        gold_rate: share of gold clips among the tasks.
        order: order of the clips.
        predictions: output file of ``corpus predict --json``.
        pre_annotate: whether to pre-select the predicted class.
        disputed: whether to export clips without a majority for adjudication.
        show_votes: whether adjudicators see the votes.
        suspects: number of clips with a doubtful label to export for a second vote; None: new ones.
        context: whether to cut context excerpts.
        media: films outside the corpus folder.
        audio_base_url: address at which ``clips`` is served; None: Label Studio's local files.
    """

    batch: str | None = None
    limit: int | None = None
    seed: int = 0
    annotators: Sequence[str] | None = None
    per_clip: int | None = None
    gold_rate: float = 0.0
    order: Literal["shuffled", "uncertainty", "doubt"] = "shuffled"
    predictions: Path | None = None
    pre_annotate: bool = False
    disputed: bool = False
    show_votes: bool = False
    suspects: int | None = None
    context: bool = True
    media: Sequence[Path] = ()
    audio_base_url: str | None = None

    def check(self) -> None:
        """Raise ConfigurationError for the first option that isn't compatible with the others."""
        unnamed = self.annotators is None
        uses = self.pre_annotate or self.order == "uncertainty"
        ordered = uses or self.order != "shuffled"
        labelling = self.per_clip is not None or self.gold_rate or self.predictions or ordered
        for invalid, message in (
            (self.disputed and unnamed, "--disputed: name the adjudicators with --annotators"),
            (
                self.disputed and labelling,
                "--disputed: each clip goes to one adjudicator, without gold clips or predictions; "
                "omit --per-clip, --gold-rate, --order, --predictions and --pre-annotate",
            ),
            (
                self.suspects is not None and (self.disputed or self.pre_annotate),
                "--suspects: second votes are for the label and must be blind; omit --disputed and "
                "--pre-annotate",
            ),
            (self.show_votes and not self.disputed, "--show-votes needs --disputed"),
            (unnamed and self.per_clip is not None, "--per-clip: name the --annotators"),
            (unnamed and self.gold_rate, "--gold-rate: name the --annotators"),
            (
                uses and self.predictions is None,
                "--order uncertainty and --pre-annotate need --predictions FILE; write "
                "it with: corpus predict --json FILE… > predictions.json",
            ),
            (
                self.predictions is not None and not uses,
                "--predictions: add --order uncertainty or --pre-annotate",
            ),
        ):
            if invalid:
                raise ConfigurationError(message)


def export_batch(
    workspace: Workspace, options: BatchOptions, progress: Progress = no_progress
) -> Outcome:
    """Write a batch of tasks; hold the corpus's lock.

    Raises:
        ConfigurationError: if the options are incompatible or don't fit the corpus.
        DataError: if a file of the corpus or the predictions can't be read.
    """
    options.check()
    excerpts = Excerpts(workspace.root, options.media, progress) if options.context else None
    outcome = _adjudication(workspace, options, excerpts)
    if outcome is None:
        outcome = _labelling(workspace, options, excerpts)
    outcome.warnings += excerpts.warnings if excerpts else []
    return outcome


def _adjudication(
    workspace: Workspace, options: BatchOptions, excerpts: Excerpts | None
) -> Outcome | None:
    if not options.disputed or options.annotators is None:
        return None
    configuration = workspace.configuration
    return export_disputed(
        workspace.root,
        options.annotators,
        labels=configuration.labels,
        show_votes=options.show_votes,
        batch=options.batch,
        limit=options.limit,
        seed=options.seed,
        context=excerpts,
        audio_base_url=options.audio_base_url,
        annotation=configuration.annotation,
        text=configuration.text,
    )


def _labelling(workspace: Workspace, options: BatchOptions, excerpts: Excerpts | None) -> Outcome:
    predictions = None
    if options.predictions is not None:
        predictions = read_predictions(workspace.root, options.predictions)
    unpredicted: list[str] = []
    panel = None
    if options.annotators is not None:
        panel = Panel(options.annotators, options.per_clip, options.gold_rate)
    ranking: Ranking | None = None
    if predictions is not None and options.order == "uncertainty":
        ranking = _ranking(workspace, options.seed, predictions, unpredicted)
    elif options.order == "doubt":
        ranking = _by_doubt(workspace, options.seed)
    configuration = workspace.configuration
    check_limit(options.limit)
    limit, number = options.limit, options.suspects
    if limit is not None and number is not None:
        number, limit = min(limit, number), None
    outcome = export_tasks(
        workspace.root,
        batch=options.batch,
        limit=limit,
        seed=options.seed,
        panel=panel,
        suspects=None if number is None else SecondVotes(workspace.root, number),
        ranking=ranking,
        ranked_by="doubt" if options.order == "doubt" else "uncertainty",
        pre_annotations=predictions if options.pre_annotate else None,
        context=excerpts,
        audio_base_url=options.audio_base_url,
        annotation=configuration.annotation,
        text=configuration.text,
    )
    if unpredicted:
        have = "clip has no prediction and comes", "clips have no prediction and come"
        outcome.warnings.append(
            f"{counted(len(unpredicted), *have)} last, the first {unpredicted[0]}"
        )
    return outcome


def _ranking(
    workspace: Workspace, seed: int, predictions: dict[str, list[float]], unpredicted: list[str]
) -> Ranking:
    configuration = workspace.configuration

    def rank(clips: Sequence[str]) -> list[str]:
        labels = aggregated_labels(workspace.root, configuration.labels).values()
        have = Counter(str(label.emotion) for label in labels if label.emotion is not None)
        unpredicted.extend(clip_id for clip_id in clips if clip_id not in predictions)
        return ranked(clips, predictions, have, configuration.targets.counts(), seed)

    return rank


def _by_doubt(workspace: Workspace, seed: int) -> Ranking:
    """Return the order by the confidence of combined texts, the least first, then the others."""
    texts = read_stage(workspace.root, STAGES["transcripts"], Transcript)
    confidences = {
        text.clip_id: text.confidence
        for text in texts
        if text.made_by == "combined" and text.confidence is not None
    }
    if not confidences:
        raise ConfigurationError(
            "--order doubt: no clip has a combined text with a confidence; run: corpus "
            "combine-transcripts"
        )

    def rank(clips: Sequence[str]) -> list[str]:
        return sorted(hash_order(clips, seed), key=lambda clip_id: confidences.get(clip_id, 2.0))

    return rank
