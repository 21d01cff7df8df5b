"""Batches of tasks as a user asks for them: of which kind, for whom, in what order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annotation.aggregation import labels
from annotation.disputed import export_disputed
from annotation.panel import Panel
from annotation.predictions import read_predictions
from annotation.priority import ranked
from annotation.tasks import Ranking, export_tasks
from corpus_tools.excerpts import Excerpts
from corpus_tools.workspace import Workspace
from manifests.errors import ConfigurationError
from manifests.outcome import Outcome, Progress, no_progress

__all__ = ["Request", "export_batch"]


@dataclass(frozen=True)
class Request:
    """What was asked for; the flags of ``corpus export-tasks``.

    Attributes:
        batch: name; null: the next.
        limit: at most so many clips; null: all.
        seed: settles assignment and order.
        annotators: pseudonyms; null: one list for all.
        per_clip: how many of them each clip goes to; null: all.
        gold_rate: share of gold clips among the tasks.
        order: of the tasks.
        predictions: of a model, as ``corpus predict --json`` printed them.
        pre_annotate: pre-select what the model says.
        disputed: adjudicate instead of labelling new clips.
        show_votes: to adjudicators.
        context: cut wider excerpts.
        media: films outside the corpus folder.
        audio_base_url: where ``clips`` is served; null: Label Studio's local files.
    """

    batch: str | None = None
    limit: int | None = None
    seed: int = 0
    annotators: Sequence[str] | None = None
    per_clip: int | None = None
    gold_rate: float = 0.0
    order: Literal["shuffled", "uncertainty"] = "shuffled"
    predictions: Path | None = None
    pre_annotate: bool = False
    disputed: bool = False
    show_votes: bool = False
    context: bool = True
    media: Sequence[Path] = ()
    audio_base_url: str | None = None

    def check(self) -> None:
        """Refuse flags that don't go together.

        Raises:
            ConfigurationError: naming the first.
        """
        alone = self.annotators is None
        uses = self.pre_annotate or self.order == "uncertainty"
        labelling = self.per_clip is not None or self.gold_rate or self.predictions or uses
        for wrong, said in (
            (self.disputed and alone, "--disputed: name who decides with --annotators"),
            (
                self.disputed and labelling,
                "--disputed: each clip goes to one adjudicator, without gold clips or predictions; "
                "leave --per-clip, --gold-rate, --order, --predictions and --pre-annotate out",
            ),
            (self.show_votes and not self.disputed, "--show-votes goes with --disputed only"),
            (alone and self.per_clip is not None, "--per-clip: name the --annotators"),
            (alone and self.gold_rate, "--gold-rate: name the --annotators"),
            (
                uses and self.predictions is None,
                "--order uncertainty and --pre-annotate need the model's --predictions FILE; make "
                "them with: corpus predict --json FILE… > predictions.json",
            ),
            (
                self.predictions is not None and not uses,
                "--predictions: say what for, --order uncertainty or --pre-annotate",
            ),
        ):
            if wrong:
                raise ConfigurationError(said)


def export_batch(
    workspace: Workspace, request: Request, progress: Progress = no_progress
) -> Outcome:
    """Write a batch of tasks; hold the corpus's lock.

    Args:
        workspace: the corpus.
        request: what is asked for.
        progress: told after each film that excerpts were cut from.

    Raises:
        ConfigurationError: for flags that don't go together or don't fit the corpus.
        DataError: if a file of the corpus or the predictions can't be read.
    """
    request.check()
    excerpts = Excerpts(workspace.root, request.media, progress) if request.context else None
    outcome = _adjudication(workspace, request, excerpts)
    if outcome is None:
        outcome = _labelling(workspace, request, excerpts)
    outcome.warnings += excerpts.warnings if excerpts else []
    return outcome


def _adjudication(
    workspace: Workspace, request: Request, excerpts: Excerpts | None
) -> Outcome | None:
    if not request.disputed or request.annotators is None:
        return None
    configuration = workspace.configuration
    return export_disputed(
        workspace.root,
        request.annotators,
        labels=configuration.labels,
        show_votes=request.show_votes,
        batch=request.batch,
        limit=request.limit,
        seed=request.seed,
        context=excerpts,
        audio_base_url=request.audio_base_url,
        annotation=configuration.annotation,
        text=configuration.text,
    )


def _labelling(workspace: Workspace, request: Request, excerpts: Excerpts | None) -> Outcome:
    predictions = None
    if request.predictions is not None:
        predictions = read_predictions(workspace.root, request.predictions)
    strangers: list[str] = []
    panel = None
    if request.annotators is not None:
        panel = Panel(request.annotators, request.per_clip, request.gold_rate)
    ranking: Ranking | None = None
    if predictions is not None and request.order == "uncertainty":
        ranking = _ranking(workspace, request.seed, predictions, strangers)
    configuration = workspace.configuration
    outcome = export_tasks(
        workspace.root,
        batch=request.batch,
        limit=request.limit,
        seed=request.seed,
        panel=panel,
        ranking=ranking,
        pre_annotations=predictions if request.pre_annotate else None,
        context=excerpts,
        audio_base_url=request.audio_base_url,
        annotation=configuration.annotation,
        text=configuration.text,
    )
    if strangers:
        outcome.warnings.append(
            f"{len(strangers)} clips have no prediction and come last, the first {strangers[0]}"
        )
    return outcome


def _ranking(
    workspace: Workspace, seed: int, predictions: dict[str, list[float]], strangers: list[str]
) -> Ranking:
    configuration = workspace.configuration

    def rank(clips: Sequence[str]) -> list[str]:
        decided = labels(workspace.root, configuration.labels).values()
        have = Counter(str(label.emotion) for label in decided if label.emotion is not None)
        strangers.extend(clip_id for clip_id in clips if clip_id not in predictions)
        return ranked(clips, predictions, have, configuration.targets.counts(), seed)

    return rank
