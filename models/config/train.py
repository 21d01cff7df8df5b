"""Settings of section [train] of corpus.toml, and the presets of the keys that are not set."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from manifests.base.errors import ConfigurationError
from manifests.base.settings import Settings, setting_problem
from models.config.branches import (
    AudioSettings,
    FeatureSettings,
    WordSettings,
    canonical_modality,
    split_modality,
)
from models.config.pretrained import is_pretrained

__all__ = ["PRESETS", "Modality", "TrainSettings", "with_words"]

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "whisper": {"speeds": (), "audio": {"features": "whisper", "decay": 0.3}},
    "paper": {
        "batch_size": 32,
        "epochs": 50,
        "lr": 1e-5,
        "weight_decay": 1e-3,
        "optimiser": "adam",
        "schedule": "constant",
        "balance": False,
        "soft_labels": False,
        "smoothing": 0.0,
        "speeds": (),
        "mask": 0.0,
        "branches": "together",
        "drop_text": 0.0,
        "keep": "best",
        "normalise": "corpus",
        "strangers": 0.0,
        "adapt": False,
        "max_seconds": 12.0,
        "features": {
            "n_mfcc": 40,
            "n_mels": 64,
            "window_ms": 25.0,
            "hop_ms": 10.0,
            "deltas": False,
            "pitch": False,
        },
        "audio": {
            "features": "mfcc",
            "encoder": "convolutions",
            "layout": "image",
            "channels": 32,
            "dynamic": True,
            "kernels": 4,
            "attention": True,
            "merge": "sum",
            "pooling": "mean",
            "hidden": 0,
            "speaker_norm": False,
            "dropout": 0.0,
        },
        "words": {
            "kind": "cnn",
            "word2vec": True,
            "size": 300,
            "max_words": 50,
            "pad": True,
            "units": "words",
            "filters": 100,
            "widths": (3, 4, 5),
            "run_size": 0,
            "tune": True,
            "blank": 0.0,
            "input_dropout": 0.0,
            "dropout": 0.5,
        },
    },
}
"""Values of each preset. ``paper`` sets every key that defines the model, so that later changes to
the defaults don't affect it. Choices that the paper leaves open: docs/explanation/paper.md."""

TEXT_ALONE: dict[str, Any] = {
    "epochs": 4,
    "least_steps": 64,
    "batch_size": 128,
    "lr": 3e-3,
    "weight_decay": 1e-2,
    "optimiser": "adamw",
    "balance_power": 0.75,
}
"""Values of the default preset for text-only models, which overfit within a few epochs."""


Modality = Literal["both", "audio", "text"]
Preset = Literal["default", "whisper", "paper"]


class TrainSettings(Settings):
    """Model and training settings; keys that are not set come from the preset.

    Attributes:
        preset: ``default``: a small model and training for a small corpus; ``whisper``: the same on
            features of Whisper's encoder, which needs its weights; ``paper``: Wei & Sun as
            published.
        modality: branches of the model: ``audio``, ``text``, ``both``, or several joined by ``+``
            with those of installed packages, such as ``both+gender``.
        seed: seed of all random numbers.
        epochs: passes over the training clips.
        least_steps: minimum number of steps; ``epochs`` is raised to reach it.
        batch_size: clips per step.
        lr: learning rate; its peak if scheduled.
        optimiser: ``sgd`` with Nesterov momentum 0.9, ``adam`` or ``adamw``.
        weight_decay: weight decay of the optimiser.
        schedule: ``constant``, or ``cycle``: rise to ``lr``, then cosine decay to 0.
        balance: weight classes in the loss by inverse frequency.
        balance_power: exponent of the class weights; below 1, rare classes weigh less.
        soft_labels: train on the annotators' vote shares instead of the majority.
        smoothing: label smoothing: share of every target that is spread over all classes.
        speeds: speed perturbation: factors at which training clips are also used, besides 1. In
            each epoch all clips of a speaker get the same factor, to simulate another speaker.
        mask: longest masked stretch in training, as a share of the frames and of the coefficients.
        branches: train ``together`` with one loss, or ``apart`` and add the logits of the
            branches; the history is that of the branch that is trained by epochs.
        drop_text: probability that a training clip loses its text; used with ``together`` only.
        keep: keep the weights of the ``best`` epoch by validation accuracy, or of the ``last``.
        patience: epochs without improvement after which training stops; null for never.
        refit: train the final model on the validation clips too; with ``keep`` = ``best`` they
            first choose the number of epochs, else nothing is validated and probabilities aren't
            calibrated. null: for the models of ``--folds`` only, and never with preset ``paper``.
        normalise: standardise features within each ``speaker`` (source, if the speaker is unknown)
            or over all training clips (``corpus``).
        prior: weight of the corpus mean and deviation in a speaker's normalisation, in clips.
        strangers: share of the training clips that are treated in each epoch as clips of an unseen
            speaker, without their speaker's other clips; where the layer on statistics is solved,
            any share above 0 adds one for unseen speakers, fitted to all clips.
        adapt: adapt the trained model to each speaker's clips, without labels, before it predicts.
        max_seconds: seconds of a clip that are used, from its start.
        threads: CPU threads for training; more than 1 helps large models on an idle machine, and
            slows training down on a busy one.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the fastest available.
        amp: mixed precision: compute the trained network in 16 bits, which is faster and takes less
            memory on a GPU; weights stay in 32 bits.
        options: settings of installed feature extractors and branches, by name.
    """

    preset: Preset = "default"
    modality: Annotated[str, AfterValidator(canonical_modality)] = "both"
    seed: int = Field(0, ge=0, lt=2**32)
    epochs: int = Field(40, ge=1)
    least_steps: int = Field(0, ge=0)
    batch_size: int = Field(64, ge=2)
    lr: float = Field(2e-2, gt=0, le=1)
    weight_decay: float = Field(2e-3, ge=0)
    optimiser: Literal["sgd", "adam", "adamw"] = "sgd"
    schedule: Literal["constant", "cycle"] = "cycle"
    balance: bool = True
    balance_power: float = Field(1.0, ge=0, le=1)
    soft_labels: bool = True
    smoothing: float = Field(0.0, ge=0, lt=1)
    speeds: tuple[Annotated[float, Field(ge=0.5, le=2)], ...] = (0.8, 0.9, 1.125, 1.25)
    mask: float = Field(0.15, ge=0, lt=1)
    branches: Literal["apart", "together"] = "apart"
    drop_text: float = Field(0.5, ge=0, lt=1)
    keep: Literal["best", "last"] = "last"
    patience: int | None = Field(None, ge=1)
    refit: bool | None = None
    normalise: Literal["speaker", "corpus"] = "speaker"
    prior: float = Field(2.0, ge=0)
    strangers: float = Field(0.25, ge=0, le=1)
    adapt: bool = True
    max_seconds: float = Field(12.0, gt=0, le=60)
    threads: int = Field(1, ge=1, le=64)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    amp: bool = Field(False, exclude_if=lambda amp: not amp)
    features: FeatureSettings = Field(default_factory=FeatureSettings)
    audio: AudioSettings = Field(default_factory=AudioSettings)
    words: WordSettings = Field(default_factory=WordSettings)
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, exclude_if=lambda options: not options
    )

    @property
    def branch_names(self) -> tuple[str, ...]:
        """Names of the model's branches, in their order in the network."""
        return split_modality(self.modality)

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, values: Any) -> Any:
        """Set missing keys to the preset's values."""
        if not isinstance(values, dict):
            return values
        values = with_words(values)
        preset = str(values.get("preset", "default"))
        if preset != "paper" and values.get("modality") == "text":
            values = _fill(values, TEXT_ALONE)
        if preset == "default" and _is_encoder(values):
            preset = "whisper"
        return _fill(values, PRESETS.get(preset, {}))

    @model_validator(mode="after")
    def _solved_needs_apart(self) -> Self:
        together = self.branches == "together" and len(self.branch_names) > 1
        if together and "text" in self.branch_names and self.words.kind == "linear":
            raise ValueError("words.kind = 'linear' needs branches = 'apart'")
        if together and "audio" in self.branch_names and self.audio.encoder == "statistics":
            raise ValueError(
                "audio.encoder = 'statistics' needs branches = 'apart'; or choose 'convolutions'"
            )
        return self

    def changed(self, **values: Any) -> Self:
        """Return validated settings with other values; None leaves a key as it is.

        Changing ``preset`` takes that preset's values for all keys that corpus.toml doesn't set.

        Raises:
            ConfigurationError: if a value is invalid.

        Example:
            >>> TrainSettings().changed(preset="paper").lr
            1e-05
        """
        given = with_words({key: value for key, value in values.items() if value is not None})
        try:
            return type(self).model_validate(_fill(given, self._explicit()))
        except ValidationError as error:
            invalid = setting_problem(type(self), error)
            section = ".".join(("train", *invalid.keys[:-1]))
            key = f" {invalid.keys[-1]}" if invalid.keys else ""
            raise ConfigurationError(f"[{section}]{key}{invalid.text}") from error

    def _explicit(self) -> dict[str, Any]:
        """Return the values that differ from the preset."""
        kind = {"preset": self.preset, "modality": self.modality}
        return _difference(self.model_dump(), type(self)(**kind).model_dump()) | kind


def _is_encoder(values: dict[str, Any]) -> bool:
    """Return whether the features are those of a pretrained encoder."""
    audio = values.get("audio")
    name = audio.get("features") if isinstance(audio, dict) else None
    return isinstance(name, str) and (name == "whisper" or is_pretrained(name))


def with_words(values: dict[str, Any]) -> dict[str, Any]:
    """Return values in which section ``text``, another name of ``words``, has this name.

    Raises:
        ValueError: if both give the same key.

    Example:
        >>> with_words({"text": {"encoder": "hf:bert"}, "words": {"kind": "linear"}})
        {'words': {'encoder': 'hf:bert', 'kind': 'linear'}}
    """
    if not isinstance(values.get("text"), dict):
        return values
    rest = {key: value for key, value in values.items() if key != "text"}
    text, words = values["text"], rest.get("words", {})
    if twice := sorted(text.keys() & words.keys()):
        raise ValueError(
            f"text is another name of words; give '{twice[0]}' in one of the two sections only"
        )
    return {**rest, "words": text | words}


def _fill(values: dict[str, Any], preset: dict[str, Any]) -> dict[str, Any]:
    filled = dict(values)
    for key, value in preset.items():
        if key not in filled:
            filled[key] = value
        elif isinstance(value, dict) and isinstance(filled[key], dict):
            filled[key] = _fill(filled[key], value)
    return filled


def _difference(values: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    different: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            if inner := _difference(value, base[key]):
                different[key] = inner
        elif value != base.get(key):
            different[key] = value
    return different
