"""Sections [train.features], [train.audio] and [train.words] of corpus.toml."""

from typing import Literal, Self

from pydantic import Field, model_validator

from manifests.settings import Settings

__all__ = ["AudioSettings", "FeatureSettings", "WordSettings"]


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
    channels: int = Field(16, ge=4, le=512)
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
        kind: ``cnn``, the Text-CNN, or ``linear``: softmax of TF-IDF of runs, solved in seconds,
            for which keys of vectors and filters mean nothing; needs ``branches = "apart"``.
        vectors: file of word2vec or GloVe vectors (text or binary), to start from.
        word2vec: where no file is given, start from word2vec trained on the texts of the training
            split; else from random vectors, which do better on few short texts.
        size: numbers in a vector.
        max_words: words of a text that count (N in the paper); the rest is cut.
        pad: bring every text to ``max_words`` with zeros that filters go over, as the paper does;
            else they see the text alone.
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
    def _widths_fit(self) -> Self:
        if min(self.widths) < 1 or max(self.widths) > self.max_words:
            raise ValueError("widths lie between 1 and max_words")
        if self.pad and self.units != "words":
            raise ValueError("pad needs units = 'words', since max_words counts words")
        return self
