"""Comparison of the systems of the paper's Table 2 on a manifest version, and its figures."""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from manifests.access.lock import CorpusLock
from manifests.access.withdrawals import WithdrawalWatch, WithdrawnError
from manifests.base.csv_tables import csv_text
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome, Progress, counted, no_progress
from manifests.storage.checksums import checksums_renewed
from manifests.storage.partials import clear_partials
from manifests.storage.store import write_text
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest
from models.comparison.egemaps import with_egemaps
from models.comparison.page import comparison_page
from models.comparison.table import (
    EGEMAPS,
    FUSION,
    NETWORKS,
    OPTIONAL,
    STATISTICS,
    SVM,
    WHISPER,
    caption,
    markdown,
    system_rows,
    table_csv,
)
from models.comparison.table import latex as latex_text
from models.comparison.trials import SystemRun, Trials
from models.config.train import TrainSettings
from models.data import Examples
from models.evaluation.bootstrap import resample_systems
from models.evaluation.metrics import measure
from models.evaluation.report import rounded
from models.loading import load_examples
from models.plots import draw_curves
from models.runs import check_subject, run_lock, write_document
from models.training.late_fusion import worth_of_texts
from models.training.text_worth import TextWorth

__all__ = ["compare"]

Labels = NDArray[np.int64]


def compare(
    manifest_folder: Path,
    out_folder: Path,
    settings: TrainSettings,
    seeds: int,
    progress: Progress = no_progress,
    *,
    added: Collection[str] = (),
    latex: bool = False,
    on_clip: Progress = no_progress,
    announce: Callable[[str], None] | None = None,
) -> Outcome:
    """Train every system with every seed, predict the test clips, and write the comparison.

    Networks have ``seeds`` seeds from 0. Every finished run is stored in ``parts/``: an interrupted
    comparison resumes, and one with more seeds trains only the new ones. In the end the folder
    holds ``table.md``, ``table.csv``, ``compare.json`` (also the outcome's ``details``),
    ``predictions.csv``, ``figure5.png`` and ``figure6.png``, and all of it in ``compare.html``;
    with ``latex`` also ``table.tex`` and the figures as PDF. ``added`` has the keys of systems that
    are compared on request. ``progress`` is called after every epoch, ``on_clip`` after the
    features of every clip, ``announce`` before a long wait for other commands.

    Raises:
        WithdrawnError: if clips are withdrawn meanwhile; parts of an unfinished one are deleted.
        ConfigurationError: if the folder holds something else, or a comparison of other settings,
            or an added system can't be run here.
        DataError: if the manifest is damaged, or a split has too few clips.
    """
    known = [system.key for system in OPTIONAL]
    if unknown := sorted(set(added) - set(known)):
        raise ConfigurationError(f"--with {unknown[0]}: choose from {', '.join(known)}")
    manifest = open_manifest(manifest_folder)
    outcome = Outcome(warnings=manifest.caveats())
    if settings.refit:
        outcome.warnings.append("refit isn't used here: all systems train on the training split")
    with run_lock("compare", out_folder):
        with CorpusLock(manifest.corpus, "compare"):
            watch = WithdrawalWatch(manifest.corpus, manifest.entries)
            subject = _subject(manifest, settings)
            clear_partials(out_folder, below=True)
            check_subject(out_folder / _SETTINGS, subject, "settings")
            examples = load_examples(manifest, FUSION.settings(settings), outcome, progress=on_clip)
            _check(manifest_folder, examples, outcome)
            inputs = _inputs(manifest, settings, examples, added, on_clip)
            write_text(out_folder / _SETTINGS, subject)
            speakers = {entry.clip_id: entry.speaker for entry in manifest.entries}
        worth = worth_of_texts(examples["train"], settings)
        if worth is not None and not worth.tells:
            apart = settings.branches == "apart"
            outcome.warnings.append(
                f"{worth.sentence}; {'so fusion gives it no weight' if apart else _NOISE}; try "
                f"--modality audio"
            )

        @contextmanager
        def publishing() -> Iterator[None]:
            with CorpusLock(manifest.corpus, "compare", wait=True, announce=announce):
                watch.check()
                yield

        shown = watch.during(progress)
        try:
            runs = Trials(out_folder, settings, inputs, shown, publishing).run(seeds)
            with publishing():
                document = _document(manifest, settings, seeds, examples, speakers, runs, worth)
                with checksums_renewed(out_folder):
                    _write(out_folder, document, examples, runs, latex=latex)
                    figures = {
                        "Training loss of the unimodal models": out_folder / "figure5.png",
                        "Accuracy of the fusion": out_folder / "figure6.png",
                    }
                    page = comparison_page(document, figures, subject, outcome.warnings)
                    write_text(out_folder / "compare.html", page)
        except WithdrawnError:
            if not (out_folder / _DOCUMENT).is_file():
                shutil.rmtree(out_folder)
            raise
    outcome.outputs.append(out_folder)
    outcome.details |= {"run": out_folder.name, **document}
    return outcome


def _inputs(
    manifest: Manifest,
    settings: TrainSettings,
    examples: Examples,
    added: Collection[str],
    on_clip: Progress,
) -> dict[str, Examples]:
    """Return the same clips for each system by its key, with the features that it takes."""
    inputs = {FUSION.key: examples}
    framed = examples
    if settings.audio.encoder == "statistics":
        inputs[STATISTICS.key] = examples
        framed = load_examples(manifest, SVM.settings(settings), Outcome(), progress=on_clip)
    inputs |= dict.fromkeys((SVM.key, "cnn", "audio"), framed)
    inputs["text"] = load_examples(manifest, settings.changed(modality="text"), Outcome())
    if EGEMAPS.key in added:
        inputs[EGEMAPS.key] = with_egemaps(manifest, examples)
    if WHISPER.key in added:
        own = WHISPER.settings(settings)
        inputs[WHISPER.key] = load_examples(manifest, own, Outcome(), progress=on_clip)
    readable = {clip.clip_id for clips in examples.values() for clip in clips}
    return {
        key: {
            split: [clip for clip in clips if clip.clip_id in readable]
            for split, clips in own_clips.items()
        }
        for key, own_clips in inputs.items()
    }


def _subject(manifest: Manifest, settings: TrainSettings) -> str:
    """Return the comparison's settings as TOML; ConfigurationError if word vectors are missing."""
    vectors = settings.words.vectors
    if vectors is not None and not Path(vectors).is_file():
        raise ConfigurationError(f"{vectors}: no such file of word vectors; see --vectors")
    per_run = {"seed", "modality", "device", "threads"}
    return tomli_w.dumps(
        {
            "run": {"manifest": manifest.header.version, "digest": manifest.header.digest},
            "train": settings.model_dump(mode="json", exclude=per_run, exclude_none=True),
        }
    )


def _check(folder: Path, examples: Examples, outcome: Outcome) -> None:
    if not examples["test"]:
        raise DataError(
            f"{folder}: the test split is empty, so systems can't be compared; build a "
            f"manifest with another split"
        )
    counts = Counter(example.label for example in examples["train"])
    if len(counts) < 2:
        raise DataError(
            f"{folder}: the training split has clips of "
            f"{counted(len(counts), 'class', 'classes')}, where at least 2 "
            f"are needed; label more clips, or build a manifest with another split"
        )
    if missing := [name for label, name in enumerate(EMOTIONS) if not counts[label]]:
        outcome.warnings.append(
            f"no training clips of {', '.join(missing)}: the models will hardly ever predict them"
        )
    if not any(clip.words for clip in examples["train"]):
        outcome.warnings.append(
            "no training clip has a text: Text-CNN learns nothing; see: corpus transcribe"
        )


def _document(
    manifest: Manifest,
    settings: TrainSettings,
    seeds: int,
    examples: Examples,
    speakers: Mapping[str, str | None],
    runs: Sequence[SystemRun],
    worth: TextWorth | None,
) -> dict[str, Any]:
    truth = np.array([clip.label for clip in examples["test"]], dtype=np.int64)
    predictions: dict[str, dict[int, Labels]] = {}
    for run in runs:
        predictions.setdefault(run.system, {})[run.seed] = np.array(run.told, dtype=np.int64)
    resamples = resample_systems(
        truth,
        {key: list(by_seed.values()) for key, by_seed in predictions.items()},
        len(EMOTIONS),
        [speakers[clip.clip_id] for clip in examples["test"]],
    )
    chance = measure(truth, truth, EMOTIONS)
    document = {
        "manifest": manifest.header.version,
        "digest": manifest.header.digest,
        "preset": settings.preset,
        "seeds": seeds,
        "clips": {split: len(clips) for split, clips in examples.items()},
        "chance_accuracy": rounded(chance.chance_accuracy),
        "chance_uar": rounded(chance.chance_uar),
        "text": rounded(asdict(worth) | {"sentence": worth.sentence}) if worth else None,
        "interval": resamples.describe(),
        "interval_over": resamples.over,
        "systems": system_rows(truth, predictions, len(EMOTIONS), resamples),
    }
    return document | {"caption": caption(document)}


def _write(
    folder: Path,
    document: dict[str, Any],
    examples: Examples,
    runs: Sequence[SystemRun],
    *,
    latex: bool,
) -> None:
    for ending in ("png", "pdf") if latex else ("png",):
        draw_figure_5(folder / f"figure5.{ending}", runs)
        draw_figure_6(folder / f"figure6.{ending}", runs)
    if latex:
        write_text(folder / "table.tex", latex_text(document))
    write_text(folder / "predictions.csv", csv_text(_prediction_rows(examples, runs)))
    write_text(folder / "table.csv", csv_text(table_csv(document)))
    write_text(folder / "table.md", markdown(document))
    write_document(folder / _DOCUMENT, document)


def _prediction_rows(examples: Examples, runs: Sequence[SystemRun]) -> Iterator[Sequence[object]]:
    yield ("system", "seed", "clip_id", "emotion", "predicted")
    for run in runs:
        for clip, label in zip(examples["test"], run.told, strict=True):
            yield (run.system, run.seed, clip.clip_id, EMOTIONS[clip.label], EMOTIONS[label])


def draw_figure_5(path: Path, runs: Sequence[SystemRun]) -> None:
    """Draw the training loss of the unimodal models by epoch, as a PNG or PDF."""
    curves = {
        system.name: [
            [epoch.train_loss for epoch in run.history] for run in runs if run.system == system.key
        ]
        for system in NETWORKS
        if system != FUSION
    }
    draw_curves(path, "Training loss of the unimodal models", "loss", curves)


def draw_figure_6(path: Path, runs: Sequence[SystemRun]) -> None:
    """Draw the fusion's accuracy on training and test clips by epoch, as a PNG or PDF."""
    fusions = [run for run in runs if run.system == FUSION.key]
    training = [[epoch.train_accuracy for epoch in run.history] for run in fusions]
    testing = [list(run.test_accuracy) for run in fusions]
    curves = {"training (augmented)": training, "test": testing}
    draw_curves(path, "Accuracy of the fusion", "accuracy", curves)


_SETTINGS = "compare.toml"
_NOISE = "so it can only be noise in the fusion"
_DOCUMENT = "compare.json"
