"""Training run: from a manifest version to a run folder."""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
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
from manifests.storage.checksums import write_checksums
from manifests.storage.partials import clear_partials
from manifests.storage.store import atomic_folder, created_now, fingerprint, write_text
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest
from models.branches import TextBranch, needs_text
from models.checkpoint import write_model
from models.config.train import TrainSettings
from models.data import Example, Examples
from models.evaluation.model_card import CARD, model_card
from models.evaluation.report import evaluate_predictions
from models.loading import load_examples
from models.model import FittedModel
from models.plots import draw_accuracy, draw_confusion, draw_loss
from models.runs import CONFIGURATION, history_csv, run_lock
from models.training.distributed import is_called, is_first, others_waiting, process_count
from models.training.loop import FitResult
from models.training.refit import fit_calibrated, validation_joined
from models.training.resume import StateStore
from models.training.tensorboard import tensorboard_log

__all__ = ["is_finished", "train", "train_beside", "train_on"]


def check_examples(examples: Examples, settings: TrainSettings, outcome: Outcome) -> None:
    """Warn about missing splits, classes and texts.

    Raises:
        DataError: if the training split has fewer than two classes.
    """
    counts = Counter(example.label for example in examples["train"])
    if len(counts) < 2:
        raise DataError(
            f"the training split has {counted(len(counts), 'class', 'classes')}, but at least 2 "
            "are needed; label more "
            f"clips, or build a manifest with another split"
        )
    if missing := [name for label, name in enumerate(EMOTIONS) if not counts[label]]:
        outcome.warnings.append(
            f"no training clips of {', '.join(missing)}: the model will hardly ever predict it"
        )
    if not examples["val"] and not settings.refit:
        consequence = ", so the last epoch is kept" if settings.keep == "best" else ""
        outcome.warnings.append(f"the validation split is empty{consequence}")
    if not examples["test"]:
        outcome.warnings.append("the test split is empty: the model can't be evaluated")
    if needs_text(settings) and not any(example.words for example in examples["train"]):
        outcome.warnings.append(
            "no training clip has a text: the text branch learns nothing; see: corpus transcribe"
        )


_UNCHANGED: Mapping[str, Any] = MappingProxyType({})


@contextmanager
def _never_stop() -> Iterator[Callable[[], bool]]:
    yield lambda: False


def train(
    manifest_folder: Path,
    out_folder: Path,
    settings: TrainSettings,
    progress: Progress = no_progress,
    *,
    on_clip: Progress = no_progress,
    stopping: Callable[[], AbstractContextManager[Callable[[], bool]]] = _never_stop,
    announce: Callable[[str], None] | None = None,
    board: Path | None = None,
) -> Outcome:
    """Train a model on a manifest version and write its run folder.

    The folder holds ``config.toml`` (all settings and the manifest's digest), ``model.safetensors``
    and ``model.json``, ``history.csv``, ``metrics.json``, ``predictions.csv``, ``plots/`` and a
    model card, ``README.md``, and is created atomically. ``details["metrics"]`` has the figures of
    each split. A killed run is resumed when it is started again, with the same result; its state is
    stored in ``.unfinished`` beside the runs. One that was killed later is finished: nothing is
    changed, with a warning.

    ``progress`` is called after every epoch, ``on_clip`` after the features of each clip, before
    the first epoch. The context ``stopping``, entered when training begins, yields a function that
    is called before every step, and ends training early when it returns True. ``announce`` gets a
    message before a long wait for other commands. ``board`` is the folder for TensorBoard, if any.

    Raises:
        ConfigurationError: if the run folder exists, and isn't a finished run of these settings.
        DataError: if the manifest is damaged or has too few training clips.
        CorpusError: if a withdrawal is at work, or one of the clips was withdrawn meanwhile.
    """
    manifest = open_manifest(manifest_folder)
    return train_on(
        manifest,
        out_folder,
        settings,
        progress,
        on_clip=on_clip,
        stopping=stopping,
        announce=announce,
        board=board,
    )


def train_on(
    manifest: Manifest,
    out_folder: Path,
    settings: TrainSettings,
    progress: Progress = no_progress,
    *,
    on_clip: Progress = no_progress,
    stopping: Callable[[], AbstractContextManager[Callable[[], bool]]] = _never_stop,
    announce: Callable[[str], None] | None = None,
    division: Mapping[str, Any] = _UNCHANGED,
    board: Path | None = None,
) -> Outcome:
    """Train like :func:`train` on an opened manifest version, possibly with other splits.

    ``division`` describes splits that differ from the version's; it is recorded in config.toml.
    """
    board_log = tensorboard_log(board)
    outcome = Outcome(warnings=manifest.caveats())
    manifest, joined = validation_joined(manifest, settings)
    with others_waiting() as call_others, run_lock("train", out_folder):
        if out_folder.exists():
            metrics = _finished(out_folder, manifest, settings, division)
            if metrics is None:
                raise ConfigurationError(
                    f"{out_folder}: run exists; choose another name with --name"
                )
            _state_store(out_folder.parent, manifest, settings, division).remove()
            outcome.warnings.append(
                f"{out_folder}: finished before with these settings, so unchanged"
            )
            _describe(outcome, out_folder, manifest, metrics, {})
            return outcome
        with CorpusLock(manifest.corpus, "train"):
            watch = WithdrawalWatch(manifest.corpus, manifest.entries)
            examples = load_examples(manifest, settings, outcome, progress=on_clip)
            speakers = {entry.clip_id: entry.speaker for entry in manifest.entries}
        check_examples(examples, settings, outcome)
        state_store = _state_store(out_folder.parent, manifest, settings, division)
        call_others()
        try:
            with stopping() as stopped, board_log as log:
                fitted, doubt = fit_calibrated(
                    examples,
                    joined,
                    settings,
                    progress=watch.during(progress),
                    should_stop=stopped,
                    state_store=state_store,
                    log=log,
                )
            language = manifest.header.params.get("corpus", {}).get("language")
            fitted = replace(fitted, model=replace(fitted.model, language=language))
            outcome.warnings += [text for text in (doubt, fitted.warning) if text]
            with CorpusLock(manifest.corpus, "train", wait=True, announce=announce):
                watch.check()
                with atomic_folder(out_folder) as folder:
                    metrics = _write_run(folder, manifest, examples, speakers, fitted)
                    write_text(folder / CONFIGURATION, _config_toml(manifest, settings, division))
                    card = model_card(manifest, fitted.model, metrics, divided=bool(division))
                    write_text(folder / CARD, card)
                    write_checksums(folder)
        except WithdrawnError:
            state_store.remove()
            raise
        state_store.remove()
    outcome.warnings += state_store.warnings
    if fitted.stopped:
        outcome.warnings.append(
            f"stopped after epoch {len(fitted.history)} of {fitted.epochs}: the model is that of "
            f"epoch {fitted.kept_epoch}"
        )
    _describe(outcome, out_folder, manifest, metrics["splits"], state_store.resumed)
    return outcome


def train_beside(manifest_folder: Path, out_folder: Path, settings: TrainSettings) -> None:
    """Train in another process than the first, which calls :func:`train`; nothing is written."""
    manifest, joined = validation_joined(open_manifest(manifest_folder), settings)
    if not is_called():
        return
    fit_calibrated(
        load_examples(manifest, settings, Outcome()),
        joined,
        settings,
        progress=no_progress,
        should_stop=lambda: False,
        state_store=_state_store(out_folder.parent, manifest, settings, _UNCHANGED),
    )


def _describe(
    outcome: Outcome,
    folder: Path,
    manifest: Manifest,
    metrics: Mapping[str, Any],
    resumed: Mapping[str, int],
) -> None:
    outcome.outputs.append(folder)
    outcome.details |= {
        "run": folder.name,
        "manifest": manifest.header.version,
        "metrics": metrics,
        "resumed": resumed,
    }


def is_finished(folder: Path, manifest_folder: Path, settings: TrainSettings) -> bool:
    """Return whether the folder has a run of these settings, as of a command killed at its end."""
    manifest, _ = validation_joined(open_manifest(manifest_folder), settings)
    return _finished(folder, manifest, settings, _UNCHANGED) is not None


def _finished(
    folder: Path, manifest: Manifest, settings: TrainSettings, division: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the figures of a complete run of the same content, None for any other folder.

    A run that was stopped, or that lacks clips which could be read by now, isn't complete.
    """
    own = _config_toml(manifest, settings, division)
    counts = Counter(entry.split for entry in manifest.entries if entry.split != "held")
    try:
        recorded = (folder / CONFIGURATION).read_text(encoding="utf-8")
        found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        sizes = {split: figures["n"] for split, figures in found["splits"].items()}
        same = _undated(recorded) == _undated(own) and sizes == counts and not found["stopped"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found["splits"] if same else None


def _undated(configuration: str) -> dict[str, Any]:
    document = tomllib.loads(configuration)
    del document["run"]["created"]
    return document


def _state_store(
    runs: Path, manifest: Manifest, settings: TrainSettings, division: Mapping[str, Any]
) -> StateStore:
    """Return the state store of this training, named by everything that its result depends on."""
    identity = {
        "settings": settings.model_dump(mode="json"),
        "digest": manifest.header.digest,
        "torch": version("torch"),
        "corpus_tools": version("corpus-tools"),
        **_several(),
        **division,
    }
    if is_first():
        clear_partials(runs / ".unfinished", below=True)
    return StateStore(runs / ".unfinished" / fingerprint(identity)[:16], identity)


def _several() -> dict[str, int]:
    """Return the number of processes, on which the result depends, if there are several."""
    return {"processes": process_count()} if process_count() > 1 else {}


def _write_run(
    folder: Path,
    manifest: Manifest,
    examples: Examples,
    speakers: Mapping[str, str | None],
    fitted: FitResult,
) -> dict[str, Any]:
    model = fitted.model
    predicted = {split: model.probabilities(clips) for split, clips in examples.items()}
    metrics = {
        split: evaluate_predictions(
            _labels(clips),
            predicted[split].argmax(axis=1),
            [speakers[clip.clip_id] for clip in clips],
        )
        for split, clips in examples.items()
        if clips
    }
    document = {
        "manifest": {"version": manifest.header.version, "digest": manifest.header.digest},
        "epochs": len(fitted.history),
        "kept_epoch": fitted.kept_epoch,
        "stopped": fitted.stopped,
        "refit": bool(model.settings.refit),
        "text": _text_coverage(examples, model.text) if model.text is not None else None,
        "splits": metrics,
    }
    write_model(folder, model)
    write_text(folder / "history.csv", history_csv(fitted.history))
    metrics_text = json.dumps(document, ensure_ascii=False, indent=2)
    write_text(folder / "metrics.json", metrics_text + "\n")
    write_text(folder / "predictions.csv", _predictions_csv(examples, predicted, model))
    plots = folder / "plots"
    draw_loss(plots / "loss.png", fitted.history, _loss_note(model.settings))
    draw_accuracy(plots / "accuracy.png", fitted.history)
    shown = next((split for split in ("test", "val", "train") if split in metrics), None)
    if shown is not None:
        title = f"{shown}: {counted(metrics[shown]['n'], 'clip')}, UAR {metrics[shown]['uar']:.3f}"
        draw_confusion(plots / "confusion.png", metrics[shown]["confusion"], title)
    return document


def _loss_note(settings: TrainSettings) -> str:
    """Return why the curves of training and validation loss aren't comparable."""
    if settings.branches == "apart" and len(settings.branch_names) > 1:
        return (
            "Training: the loss of the part that learns by epochs, alone. Validation: that of the "
            "whole model; its other parts are there from the first epoch. It is measured before "
            "calibration: a model that is too sure of new speakers starts above guessing, even "
            "where it is often right. Accuracy and UAR aren't affected."
        )
    return (
        "Training: on augmented clips, with dropout. Validation: before calibration, so a model "
        "that is too sure of new speakers may lie above guessing, even where it is often right."
    )


def _labels(clips: Sequence[Example]) -> NDArray[np.int64]:
    return np.array([clip.label for clip in clips], dtype=np.int64)


def _text_coverage(examples: Examples, text: TextBranch) -> dict[str, Any]:
    """Return the vector coverage of the vocabulary, and the vocabulary coverage of each split."""
    vocabulary = text.vocabulary
    if text.settings.words.encoder is not None:
        return {"encoder": text.settings.words.encoder, "weight": text.weight}
    shares = {
        split: vocabulary.coverage(clip.words for clip in clips)
        for split, clips in examples.items()
    }
    return {
        "vocabulary": len(vocabulary.words),
        "with_vector": round(text.vector_coverage, 4),
        "weight": text.weight,
        "known_words": {
            split: None if share is None else round(share, 4) for split, share in shares.items()
        },
    }


def _config_toml(manifest: Manifest, settings: TrainSettings, division: Mapping[str, Any]) -> str:
    run = {
        "manifest": manifest.header.version,
        "digest": manifest.header.digest,
        **_several(),
        **division,
        "created": created_now(),
        "corpus_tools": version("corpus-tools"),
        "torch": version("torch"),
    }
    return tomli_w.dumps({"run": run, "train": settings.model_dump(mode="json", exclude_none=True)})


def _predictions_csv(
    examples: Examples, predicted: dict[str, NDArray[np.float64]], model: FittedModel
) -> str:
    head = ["clip_id", "split", "emotion", "predicted"]
    rows = [[*head, *(f"p_{name}" for name in model.classes)]]
    for split, clips in examples.items():
        for clip, row in zip(clips, predicted[split], strict=True):
            names = [EMOTIONS[clip.label], model.classes[int(row.argmax())]]
            rows.append([clip.clip_id, split, *names, *(f"{value:.4f}" for value in row)])
    return csv_text(rows)
