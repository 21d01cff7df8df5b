"""Section [train] of corpus.toml: features, the two branches, and how they are trained."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from manifests.errors import ConfigurationError
from manifests.permitted import setting_problem
from manifests.settings import Settings
from models.branch_settings import AudioSettings, FeatureSettings, WordSettings
from models.presets import PRESETS, TEXT_ALONE

__all__ = [
    "PRESETS",
    "TEXT_ALONE",
    "AudioSettings",
    "FeatureSettings",
    "Modality",
    "TrainSettings",
    "WordSettings",
]

Modality = Literal["both", "audio", "text"]
Preset = Literal["default", "paper"]


class TrainSettings(Settings):
    """How a model is trained; keys that are not set come from the preset.

    Attributes:
        preset: ``default``: a small model with the training that suits a small corpus; ``paper``:
            Wei & Sun as written.
        modality: which branches the model has.
        seed: settles everything random.
        epochs: passes over the training clips.
        least_steps: that are taken even where ``epochs`` would be fewer, by further passes.
        batch_size: clips of a step.
        lr: learning rate; the highest one, where it is scheduled.
        optimiser: ``sgd`` with Nesterov's momentum of 0.9, ``adam``, or ``adamw``.
        weight_decay: pull of the weights towards 0.
        schedule: ``constant``, or ``cycle``: up, then down to nothing.
        balance: weigh the classes in the loss by how rare they are.
        balance_power: that the weights of the classes are raised to; below 1, rare ones count less.
        soft_labels: learn the annotators' shares of votes, not the majority alone.
        smoothing: share of every target that is spread over all classes.
        speeds: training clips are also heard at these speeds, 1 being their own; every speaker at
            one of them in each epoch, as if somebody else spoke.
        mask: longest share of time and of coefficients that is blanked out in training.
        branches: train the parts of a model ``together`` with one loss, or ``apart``, each as if it
            were alone, and then add what they say: words, what was learned of sound, and its
            functionals; the history's loss is then that of what was learned of sound.
        drop_text: how often a training clip goes without its text, where they train together.
        keep: the weights of the ``best`` epoch on validation (accuracy), or of the ``last``.
        patience: epochs without a better one after which training stops; null for never.
        normalise: features to mean 0 and deviation 1 within each ``speaker`` (source, where the
            speaker is unknown), or over all training clips (``corpus``).
        prior: clips that the corpus's mean and deviation count for, beside a speaker's own.
        strangers: share of the training clips that are heard, in each epoch, as if no other clip of
            their speaker were known; where the layers of functionals are solved, any share above 0
            gives strangers a layer of their own, from all clips.
        adapt: whether the finished model is fitted to the clips of each speaker, without their
            labels, before it tells their classes.
        max_seconds: of a clip that are used.
        threads: processor threads that train; more than 1 pays for large models on idle machines,
            and costs dearly where others compute too.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the fastest there is.
    """

    preset: Preset = "default"
    modality: Modality = "both"
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
    normalise: Literal["speaker", "corpus"] = "speaker"
    prior: float = Field(2.0, ge=0)
    strangers: float = Field(0.25, ge=0, le=1)
    adapt: bool = True
    max_seconds: float = Field(12.0, gt=0, le=60)
    threads: int = Field(1, ge=1, le=64)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    features: FeatureSettings = Field(default_factory=FeatureSettings)
    audio: AudioSettings = Field(default_factory=AudioSettings)
    words: WordSettings = Field(default_factory=WordSettings)

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, values: Any) -> Any:
        """Fill in what the preset says about keys that are not set."""
        if not isinstance(values, dict):
            return values
        preset = str(values.get("preset", "default"))
        if preset == "default" and values.get("modality") == "text":
            return _fill(values, TEXT_ALONE)
        return _fill(values, PRESETS.get(preset, {}))

    @model_validator(mode="after")
    def _solved_alone(self) -> Self:
        if (self.modality, self.branches, self.words.kind) == ("both", "together", "linear"):
            raise ValueError("words.kind = 'linear' needs branches = 'apart'")
        return self

    def changed(self, **values: Any) -> Self:
        """Return the settings with other values, checked; None leaves a key as it is.

        Another ``preset`` starts from that preset, keeping what corpus.toml says.

        Raises:
            ConfigurationError: for a value that doesn't fit.

        Example:
            >>> TrainSettings().changed(preset="paper").lr
            1e-05
        """
        given = {key: value for key, value in values.items() if value is not None}
        try:
            return type(self).model_validate(_fill(given, self._own()))
        except ValidationError as error:
            found = setting_problem(type(self), error)
            section = ".".join(("train", *found.keys[:-1]))
            key = f" {found.keys[-1]}" if found.keys else ""
            raise ConfigurationError(f"[{section}]{key}{found.text}") from error

    def _own(self) -> dict[str, Any]:
        """Return what was set by hand: what differs from the preset."""
        kind = {"preset": self.preset, "modality": self.modality}
        return _difference(self.model_dump(), type(self)(**kind).model_dump()) | kind


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
