"""Settings of sections [train.features], [train.audio] and [train.words] of corpus.toml."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from manifests.base.plugins import plugin_names
from manifests.base.settings import Settings
from models.config.pretrained import PREFIX, absolute, is_pretrained

__all__ = [
    "BRANCHES",
    "BRANCH_GROUP",
    "AudioSettings",
    "FeatureSettings",
    "WordSettings",
    "canonical_modality",
    "split_modality",
]

BRANCH_GROUP = "corpus_tools.model_branches"
"""Entry point group of further branches."""

BRANCHES: tuple[str, ...] = ("audio", "text")
"""Names of the shipped branches."""


def split_modality(modality: str) -> tuple[str, ...]:
    """Return the names of the branches of a modality.

    Example:
        >>> split_modality("both+gender")
        ('audio', 'text', 'gender')
    """
    return tuple(
        part for name in modality.split("+") for part in (BRANCHES if name == "both" else (name,))
    )


def canonical_modality(modality: str) -> str:
    """Return a modality with its branches in order; ``both`` for audio and text.

    Raises:
        ValueError: if it names an unknown branch, or one twice.

    Example:
        >>> canonical_modality("text+audio")
        'both'
    """
    names, order = split_modality(modality), BRANCHES
    if not set(names) <= set(order) or len(set(names)) < len(names):
        order += tuple(plugin_names(BRANCH_GROUP))
    if not set(names) <= set(order) or len(set(names)) < len(names):
        raise ValueError(f"it must be both, or branches of {', '.join(order)}, joined by '+'")
    ordered = tuple(name for name in order if name in names)
    return "both" if ordered == BRANCHES else "+".join(ordered)


class FeatureSettings(Settings):
    """Acoustic features of a clip, if ``audio.features`` is ``mfcc``.

    Attributes:
        n_mfcc: MFCCs per frame (d in the paper).
        n_mels: mel bands the MFCCs are computed from.
        window_ms: frame length in milliseconds.
        hop_ms: hop between frames in milliseconds.
        deltas: add first and second deltas.
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
    """Audio branch: a linear layer on statistics of the clip, or convolutions, ODConv and CBAM.

    Attributes:
        features: feature extractor: ``mfcc``, ``whisper``, the name of another installed one, or a
            pretrained encoder of speech (wav2vec 2.0, HuBERT, WavLM …) in the format of
            ``transformers``: ``hf:`` and its folder, or its name in the local cache of the hub.
        checkpoint: weights of the extractor: a path or a name; null for its default, which for
            ``whisper`` is ``[transcribe] model``.
        layers: numbers, from 1, of the layers of Whisper's encoder to use side by side; null
            for its middle third.
        encoder: ``statistics`` for a linear layer on the extractor's statistics of the clip, solved
            in seconds; ``convolutions`` for a network over its frames. All keys below but ``decay``
            are for ``convolutions``.
        decay: penalty of the linear layer on ``statistics``: factor of half the sum of squared
            weights.
        layout: ``image`` convolves over coefficients and time, with the features as one channel;
            ``sequence`` convolves over time only, with the features as channels.
        channels: channels of the convolutions.
        dynamic: use ODConv as the last convolution.
        kernels: kernels that ODConv mixes.
        attention: add CBAM after the convolutions.
        merge: fusion of CBAM's mean and maximum over channels: ``sum`` (the paper) or ``concat``.
        pooling: pooling over time: ``mean``, or ``statistics`` (mean and deviation).
        speaker_norm: standardise the pooled vectors within each speaker.
        hidden: units of the layer after pooling; 0 for no such layer.
        dropout: dropout of the pooled vector and of the hidden layer.
    """

    features: Annotated[str, AfterValidator(absolute)] = Field(
        "mfcc", exclude_if=lambda name: name == "mfcc"
    )  # as runs before it
    checkpoint: str | None = Field(None, exclude_if=lambda checkpoint: checkpoint is None)
    layers: tuple[Annotated[int, Field(ge=1, le=100)], ...] | None = Field(
        None, min_length=1, exclude_if=lambda layers: layers is None
    )
    encoder: Literal["statistics", "convolutions"] = "statistics"
    decay: float = Field(1e-2, ge=1e-6, le=1e3)
    layout: Literal["image", "sequence"] = "sequence"
    channels: int = Field(16, ge=4, le=512)
    dynamic: bool = True
    kernels: int = Field(4, ge=1, le=16)
    attention: bool = True
    merge: Literal["sum", "concat"] = "sum"
    pooling: Literal["mean", "statistics"] = "statistics"
    speaker_norm: bool = True
    hidden: int = Field(64, ge=0, le=2048)
    dropout: float = Field(0.5, ge=0, lt=1)


class WordSettings(Settings):
    """Text branch: word vectors and Text-CNN.

    Attributes:
        encoder: pretrained encoder of text (BERT, RoBERTa …) in the format of ``transformers``,
            frozen: ``hf:`` and its folder, or its name in the local cache of the hub. With ``kind``
            ``cnn`` the Text-CNN goes over its vectors, with ``linear`` their mean goes into a
            solved linear layer; keys of words, vectors and n-grams are ignored.
        kind: ``cnn`` for the Text-CNN, or ``linear`` for softmax regression on TF-IDF of n-grams,
            fitted in seconds; ``linear`` ignores the keys of vectors and filters, and needs
            ``branches = "apart"``.
        vectors: file of word2vec or GloVe vectors (text or binary) to start from.
        word2vec: if no file is given, start from word2vec trained on the training texts; else from
            random vectors, which do better on few short texts.
        size: dimensions of a vector.
        max_words: maximum words per text (N in the paper); longer texts are truncated.
        pad: pad every text with zeros to ``max_words`` and convolve over the padding, as the paper
            does.
        units: units the filters convolve over: ``words``, or ``pieces``: Chinese characters, each
            with its word, other words whole, and a boundary mark at both ends.
        filters: filters per width.
        widths: filter widths in units.
        run_size: dimensions of the vectors of n-grams (of pieces, words or letters); their scaled
            sum is appended to the filters' output; 0 for no n-grams.
        tune: train the word vectors.
        blank: share of units replaced by the unknown unit in training.
        input_dropout: dropout of the word vectors.
        dropout: dropout of the pooled vector.
        weight: weight of the text relative to the sound, if ``branches`` are trained apart; above 1
            because the audio branch is overconfident on unseen speakers.
        lexicon: words that are never split, in addition to the bundled Sichuanese ones; stored with
            the model.
    """

    encoder: Annotated[str, AfterValidator(absolute)] | None = Field(
        None,
        exclude_if=lambda name: name is None,  # as runs before it
    )
    kind: Literal["cnn", "linear"] = "cnn"
    vectors: str | None = None
    word2vec: bool = False
    size: int = Field(48, ge=2, le=2000)
    max_words: int = Field(50, ge=5, le=1000)
    pad: bool = False
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
    def _encoder_is_named(self) -> Self:
        if self.encoder is not None and not is_pretrained(self.encoder):
            raise ValueError(
                f"encoder must be {PREFIX}FOLDER, or {PREFIX}NAME of a model of the hub"
            )
        return self

    @model_validator(mode="after")
    def _widths_fit(self) -> Self:
        if min(self.widths) < 1 or max(self.widths) > self.max_words:
            raise ValueError("widths must lie between 1 and max_words")
        if self.pad and self.units != "words":
            raise ValueError("pad needs units = 'words', since max_words counts words")
        return self
