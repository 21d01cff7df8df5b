"""Section [train] of corpus.toml: features, the two branches, and how they are trained."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from manifests.errors import ConfigurationError
from manifests.permitted import complaint
from manifests.settings import Settings

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


class FeatureSettings(Settings):
    """What is computed from a clip's samples.

    Attributes:
        n_mfcc: cepstral coefficients of a frame (d in the paper).
        n_mels: mel bands that they come from.
        window_ms: length of a frame in milliseconds.
        hop_ms: milliseconds from one frame to the next.
        deltas: add the first and second differences over time.
        pitch: add log pitch and voicing.
    """

    n_mfcc: int = Field(13, ge=2, le=128)
    n_mels: int = Field(64, ge=8, le=128)
    window_ms: float = Field(25.0, ge=5, le=200)
    hop_ms: float = Field(16.0, ge=2, le=100)
    deltas: bool = False
    pitch: bool = True

    @model_validator(mode="after")
    def _enough_bands(self) -> Self:
        if self.n_mfcc > self.n_mels:
            raise ValueError("n_mfcc can't be larger than n_mels")
        return self


class AudioSettings(Settings):
    """The audio branch: convolutions, ODConv, CBAM, pooling over time.

    Attributes:
        layout: ``image`` convolves over coefficients and time, with the features as one channel;
            ``sequence`` convolves over time alone, with the features as channels.
        channels: of the convolutions.
        dynamic: whether the last convolution is ODConv.
        kernels: that ODConv mixes.
        attention: whether CBAM follows.
        merge: how CBAM joins mean and maximum over channels: ``sum`` (the paper) or ``concat``.
        pooling: over time: ``mean``, or ``statistics``: mean and deviation.
        speaker_norm: standardise the pooled vectors within each speaker.
        hidden: numbers that what was pooled is brought down to; 0 for all of them.
        dropout: of the pooled vector, and of the hidden one.
        functionals: give the classifier what the clip's melody, loudness and colour come to, beside
            what was learned.
        weight: of what was learned beside the functionals, where ``branches`` are trained apart.
    """

    layout: Literal["image", "sequence"] = "sequence"
    channels: int = Field(32, ge=4, le=512)
    dynamic: bool = True
    kernels: int = Field(4, ge=1, le=16)
    attention: bool = True
    merge: Literal["sum", "concat"] = "sum"
    pooling: Literal["mean", "statistics"] = "statistics"
    speaker_norm: bool = True
    hidden: int = Field(64, ge=0, le=2048)
    dropout: float = Field(0.5, ge=0, lt=1)
    functionals: bool = True
    weight: float = Field(0.25, ge=0, le=10)


class WordSettings(Settings):
    """The text branch: word vectors and Text-CNN.

    Attributes:
        vectors: file of word2vec or GloVe vectors (text or binary), to start from.
        word2vec: where no file is given, start from word2vec trained on the texts of the training
            split; else from random vectors, which do better on few short texts.
        size: numbers in a vector.
        max_words: words of a text that count (N in the paper); the rest is cut.
        units: what a filter goes over: ``words``, or ``pieces``: Chinese characters, each with its
            word, other words whole, and a mark at both ends.
        filters: of each width.
        widths: units that a filter spans.
        run_size: numbers in the vector of a run of pieces, words or letters, whose mean goes beside
            what the filters find; 0 for no runs.
        tune: whether training may change the vectors.
        blank: share of units taken for unknown ones in training.
        input_dropout: of the word vectors.
        dropout: of the pooled vector.
        weight: of what the words say beside the sound, where ``branches`` are trained apart; above
            1 because sound is surer about speakers never heard than it should be.
        lexicon: words that are kept whole, beyond the bundled Sichuanese ones; they go with the
            model.
    """

    vectors: str | None = None
    word2vec: bool = False
    size: int = Field(48, ge=2, le=2000)
    max_words: int = Field(50, ge=5, le=1000)
    units: Literal["words", "pieces"] = "pieces"
    filters: int = Field(48, ge=1, le=1024)
    widths: tuple[int, ...] = Field((1, 2, 3), min_length=1)
    run_size: int = Field(16, ge=0, le=512)
    tune: bool = True
    blank: float = Field(0.1, ge=0, lt=1)
    input_dropout: float = Field(0.2, ge=0, lt=1)
    dropout: float = Field(0.5, ge=0, lt=1)
    weight: float = Field(2.0, ge=0, le=10)
    lexicon: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _widths_fit(self) -> Self:
        if min(self.widths) < 1 or max(self.widths) > self.max_words:
            raise ValueError("widths lie between 1 and max_words")
        return self


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
            functionals; the history's loss is then that of sound.
        drop_text: how often a training clip goes without its text, where they train together.
        keep: the weights of the ``best`` epoch on validation (accuracy), or of the ``last``.
        patience: epochs without a better one after which training stops; null for never.
        normalise: features to mean 0 and deviation 1 within each ``speaker`` (source, where the
            speaker is unknown), or over all training clips (``corpus``).
        prior: clips that the corpus's mean and deviation count for, beside a speaker's own.
        strangers: share of the training clips that are heard, in each epoch, as if no other clip of
            their speaker were known.
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
            found = complaint(type(self), error)
            section = ".".join(("train", *found.keys[:-1]))
            key = f" {found.keys[-1]}" if found.keys else ""
            raise ConfigurationError(f"[{section}]{key}{found.text}") from error

    def _own(self) -> dict[str, Any]:
        """Return what was set by hand: what differs from the preset."""
        kind = {"preset": self.preset, "modality": self.modality}
        return _difference(self.model_dump(), type(self)(**kind).model_dump()) | kind


PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
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
            "functionals": False,
        },
        "words": {
            "word2vec": True,
            "size": 300,
            "max_words": 50,
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
"""What each preset says; ``paper`` says all that makes the model, so that it stays what it is while
the defaults move. What the paper leaves open is ours: docs/explanation/paper.md."""

TEXT_ALONE: dict[str, Any] = {
    "epochs": 4,
    "least_steps": 64,
    "batch_size": 128,
    "lr": 3e-3,
    "optimiser": "adamw",
    "balance_power": 0.75,
}
"""What the default preset says where there is no sound: texts are learnt by heart in few epochs."""


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
