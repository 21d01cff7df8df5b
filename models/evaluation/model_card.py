"""Model card in the manner of Hugging Face: what a model was trained on, its figures and limits."""

from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from manifests.base.emotions import EMOTIONS
from manifests.base.languages import language_name
from manifests.base.markdown import bullets, escape, table
from manifests.base.outcome import counted
from manifests.card.head import licence_lines, yaml_text
from manifests.versions.manifest import Manifest
from models.branches import needs_sound, needs_text
from models.evaluation.report import FIGURES
from models.model import FittedModel

__all__ = ["CARD", "model_card"]

CARD = "README.md"
"""Name of the card's file in a run folder."""


def model_card(
    manifest: Manifest, model: FittedModel, document: Mapping[str, Any], *, divided: bool
) -> str:
    """Return the card of a model as Markdown with a head in YAML.

    It has no names of speakers, sources or folders, and is the same for the same run.

    Args:
        manifest: version that the model was trained on, with the splits in use.
        model: trained model.
        document: content of ``metrics.json``.
        divided: True if the splits are not the version's own, but those of a fold.
    """
    corpus = manifest.header.params.get("corpus", {})
    settings = model.settings
    name = f"{corpus.get('name') or 'corpus'} {manifest.header.version}, {settings.preset}"
    splits = document["splits"]
    shown = next((split for split in ("test", "val") if split in splits), None)
    figures = None if shown is None else splits[shown]
    parts = [
        _head(manifest, corpus, name, shown, figures),
        f"# Emotions of speech: {escape(name)}",
        f"Probabilities of {len(model.classes)} emotions ({', '.join(model.classes)}) for a clip "
        f"of speech, from {_inputs(model)}; trained with corpus-tools {version('corpus-tools')}. "
        f"`model.safetensors` has the weights, described by `model.json`; loading runs no code.",
        "## Use",
        "```\ncorpus predict FILE --run FOLDER\n```",
        "`FOLDER` has this card. In Python: `models.load(FOLDER).predict([samples], [text])`.",
        "## Intended use",
        _intended(manifest),
        "## Training data",
        _data(manifest, corpus, divided=divided),
        "## Training",
        f"Preset `{settings.preset}`, modality `{settings.modality}`, seed {settings.seed}, "
        f"{counted(document['epochs'], 'epoch')}, of which number {document['kept_epoch']} is kept"
        + (", stopped early" if document["stopped"] else "")
        + ". All settings are in `config.toml`, the loss by epoch is in `history.csv`.",
        "## Figures",
        *_figures(shown, figures),
        "## Limits",
        bullets(_limits(manifest, model, shown, figures)),
    ]
    return "\n\n".join(parts) + "\n"


def _head(
    manifest: Manifest,
    corpus: Mapping[str, Any],
    name: str,
    split: str | None,
    figures: Mapping[str, Any] | None,
) -> str:
    lines = [
        "---",
        f"language:\n- {yaml_text(str(corpus.get('language') or 'und'))}",
        *licence_lines(corpus.get("licence")),
        "library_name: corpus-tools\npipeline_tag: audio-classification",
        "tags:\n- audio-classification\n- speech-emotion-recognition\n- corpus-tools",
        "metrics:\n- recall\n- accuracy\n- f1",
    ]
    if figures is not None:
        lines += [
            f"model-index:\n- name: {yaml_text(name)}\n  results:\n  - task:",
            "      type: audio-classification\n      name: Speech emotion recognition",
            f"    dataset:\n      type: corpus-tools\n"
            f"      name: {yaml_text(str(corpus.get('name') or 'corpus'))}\n"
            f"      config: {yaml_text(manifest.header.version)}\n      split: {split}\n"
            f"      revision: {yaml_text(manifest.header.digest)}\n    metrics:",
            *(
                f"    - type: {kind}\n      name: {shown}\n      value: {figures[key]}"
                for (shown, key), kind in zip(FIGURES, ("accuracy", "recall", "f1"), strict=True)
            ),
        ]
    return "\n".join([*lines, "---"])


def _inputs(model: FittedModel) -> str:
    sound, text = needs_sound(model.settings), needs_text(model.settings)
    return "its sound and its text" if sound and text else "its sound" if sound else "its text"


def _intended(manifest: Manifest) -> str:
    said = manifest.header.params.get("card", {}).get("intended_use")
    own = f" The corpus's makers write: {escape(said)}" if said else ""
    return (
        "It is meant for research on expressed emotion in speech like that of the training data. "
        "It tells what a voice and words express to annotators, not what a person feels; don't use "
        f"it for decisions on people.{own}"
    )


def _data(manifest: Manifest, corpus: Mapping[str, Any], *, divided: bool) -> str:
    counts = Counter[tuple[str, str]]((one.split, one.emotion) for one in manifest.entries)
    used = [split for split in ("train", "val", "test") if any(key[0] == split for key in counts)]
    people = {entry.speaker for entry in manifest.entries if entry.split == "train"} - {None}
    language = corpus.get("language")
    lines = [
        f"Corpus: {escape(str(corpus.get('name') or 'unnamed'))}, version "
        f"{manifest.header.version}, digest `{manifest.header.digest}`",
        "Splits: " + ("those of one fold" if divided else "the version's own"),
        f"Language: {language_name(language)} ({language})" if language else "Language: unknown",
        f"Known speakers in training: {len(people)}",
    ]
    rows = [[emotion, *(counts[split, emotion] for split in used)] for emotion in EMOTIONS]
    return f"{bullets(lines)}\n\n{table(['clips', *used], rows)}"


def _figures(split: str | None, figures: Mapping[str, Any] | None) -> list[str]:
    if split is None or figures is None:
        return ["There were no clips to measure them on, so nothing is known."]
    overall = [
        [
            name,
            f"{figures[key]:.3f}",
            "{:.3f} to {:.3f}".format(*figures[f"{key}_interval"]),
            "" if figures.get(f"chance_{key}") is None else f"{figures[f'chance_{key}']:.3f}",
        ]
        for name, key in FIGURES
    ]
    classes = [
        [one["name"], one["n"], *(_share(one[key]) for key in ("precision", "recall", "f1"))]
        for one in figures["classes"]
    ]
    return [
        f"On the {figures['n']} {'test' if split == 'test' else 'validation'} clips"
        + ("" if split == "test" else ", as there are no test clips")
        + ":",
        table([split, "value", "95 % interval", "chance"], overall),
        f"Intervals: {escape(figures['interval'])}.",
        table(["class", "clips", "precision", "recall", "F1"], classes),
    ]


def _limits(
    manifest: Manifest,
    model: FittedModel,
    split: str | None,
    figures: Mapping[str, Any] | None,
) -> list[str]:
    trained = {entry.emotion for entry in manifest.entries if entry.split == "train"}
    limits = [
        "Other languages, voices, microphones and styles of acting than those of the training data "
        "were not measured; check the model on labelled clips of yours first."
    ]
    if missing := [name for name in EMOTIONS if name not in trained]:
        limits.append(f"No training clips of {', '.join(missing)}: hardly ever predicted.")
    if needs_sound(model.settings) and model.settings.normalise == "speaker":
        limits.append(
            "Sound is normalised by speaker: with fewer than five clips of a speaker at once it is "
            "less accurate."
        )
    if split == "val":
        limits.append("Validation clips calibrated the model, so these figures are too good.")
    if figures is not None and figures["n"] < _FEW_CLIPS:
        limits.append(f"{figures['n']} clips are few: see the intervals.")
    if model.temperature == 1.0:
        limits.append("The probabilities are not calibrated.")
    return limits


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


_FEW_CLIPS = 200
