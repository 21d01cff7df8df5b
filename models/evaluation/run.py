"""Evaluation of a trained model on a split of a manifest."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from manifests.access.lock import CorpusLock
from manifests.access.withdrawals import WithdrawalWatch
from manifests.base.csv_tables import csv_text, unguarded
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.latex import latex_of
from manifests.base.outcome import Outcome, Progress, counted, no_progress
from manifests.storage.checksums import read_whole, write_checksums
from manifests.storage.store import created_now, write_text
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest
from models.checkpoint import read_model
from models.evaluation.account import Predictions, evaluation_figures
from models.evaluation.page import worst_mistakes, write_evaluation_page
from models.evaluation.report import baselines_table, evaluation_tables
from models.evaluation.slices import slice_table
from models.loading import load_examples
from models.plots import draw_confusion, draw_reliability, draw_spans
from models.runs import check_result_folder, result_folder, write_document

__all__ = ["evaluate"]


def evaluate(
    run_folder: Path,
    manifest_folder: Path,
    split: str = "test",
    progress: Progress = no_progress,
    *,
    out: Path | None = None,
    latex: bool = False,
) -> Outcome:
    """Evaluate a model, write the figures, and return the outcome.

    The folder, by default ``evaluation/VERSION-SPLIT`` of the run, holds ``metrics.json``,
    ``predictions.csv``, ``confusion.png``, ``reliability.png``, ``speakers.png`` and the
    self-contained ``report.html``; with ``latex`` also ``tables.tex``, and the plots as PDF. An
    earlier evaluation of the same split is replaced once all files are written. ``details`` are the
    content of ``metrics.json``: see :func:`models.evaluation.account.evaluation_figures`.

    Raises:
        ConfigurationError: if ``out`` exists and is no evaluation.
        DataError: if the run or the manifest is damaged, or the split has no clips.
        CorpusError: if a withdrawal is at work.
    """
    model = read_model(run_folder)
    manifest = open_manifest(manifest_folder)
    folder = out or run_folder / "evaluation" / f"{manifest.header.version}-{split}"
    check_result_folder(folder, _METRICS)
    outcome = Outcome(warnings=manifest.caveats())
    with CorpusLock(manifest.corpus, "evaluate"):
        watch = WithdrawalWatch(manifest.corpus, manifest.entries)
        examples = load_examples(
            manifest, model.settings, outcome, splits=(split,), progress=progress
        )[split]
        if not examples:
            raise DataError(
                f"{manifest_folder}: no {split} clips to evaluate on; choose another --split"
            )
        entry_of = {entry.clip_id: entry for entry in manifest.entries}
        predictions = Predictions(
            [entry_of[example.clip_id] for example in examples],
            np.array([example.label for example in examples], dtype=np.int64),
            model.probabilities(examples),
            model.temperature,
        )
        outcome.warnings += _seen_in_training(run_folder, predictions)
        document = {
            "run": run_folder.name,
            "manifest": manifest.header.version,
            "digest": manifest.header.digest,
            "split": split,
            "created": created_now(),
            **evaluation_figures(manifest, split, predictions),
        }
        watch.check()
        own = {**document, "warnings": outcome.warnings}
        _publish(folder, manifest, predictions, own, latex=latex)
    outcome.outputs.append(folder)
    outcome.details |= document
    return outcome


def _seen_in_training(run_folder: Path, predictions: Predictions) -> list[str]:
    """Return a warning if the run's predictions list some of the clips as training clips."""
    try:
        text = read_whole(run_folder / "predictions.csv").decode()
        rows = csv.DictReader(io.StringIO(text))
        trained = {unguarded(row["clip_id"]) for row in rows if row["split"] == "train"}
    except (OSError, ValueError, KeyError, csv.Error):
        return []
    n = sum(entry.clip_id in trained for entry in predictions.entries)
    if not n:
        return []
    return [
        f"the model was trained on {n} of these clips, so the figures don't apply to unseen clips"
    ]


def _publish(
    folder: Path,
    manifest: Manifest,
    predictions: Predictions,
    document: Mapping[str, Any],
    *,
    latex: bool,
) -> None:
    with result_folder(folder, _METRICS) as new:
        write_document(new / _METRICS, document)
        write_text(new / "predictions.csv", _predictions_csv(predictions))
        _draw(new, document, "png")
        if latex:
            _draw(new, document, "pdf")
            tables = [*evaluation_tables(document["split"], document["metrics"])]
            tables += [slice_table(document["slices"]), baselines_table(document)]
            write_text(new / "tables.tex", "\n".join(latex_of(one, "results") for one in tables))
        mistakes = worst_mistakes(
            manifest, predictions.entries, predictions.truth, predictions.probabilities, EMOTIONS
        )
        write_evaluation_page(new / "report.html", document, mistakes)
        write_checksums(new)


def _draw(folder: Path, document: Mapping[str, Any], ending: str) -> None:
    metrics, split = document["metrics"], document["split"]
    title = f"{split}: {counted(metrics['n'], 'clip')}, UAR {metrics['uar']:.3f}"
    draw_confusion(folder / f"confusion.{ending}", metrics["confusion"], title)
    draw_reliability(folder / f"reliability.{ending}", document["calibration"])
    rows = [row for row in document["slices"] if row["key"] == "speaker"]
    draw_spans(folder / f"speakers.{ending}", rows, f"UAR of each speaker ({split})")


def _predictions_csv(predictions: Predictions) -> str:
    columns = ["clip_id", "split", "speaker", "source_id", "emotion", "predicted"]
    rows = [[*columns, *(f"p_{name}" for name in EMOTIONS)]]
    for entry, label, shares in zip(
        predictions.entries, predictions.predicted, predictions.probabilities, strict=True
    ):
        names = [entry.split, entry.speaker or "", entry.source_id, entry.emotion, EMOTIONS[label]]
        rows.append([entry.clip_id, *names, *(f"{share:.4f}" for share in shares)])
    return csv_text(rows)


_METRICS = "metrics.json"
