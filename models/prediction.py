"""Prediction of the emotion of new clips with a trained model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from manifests.base.outcome import counted
from models.branches import needs_sound, text_encoder
from models.checkpoint import read_model
from models.data import Example
from models.features.cache import read_clip
from models.features.extractor import SAMPLE_RATE, FeatureExtractor, Samples, make_extractor
from models.features.normalise import UNSEEN_SPEAKER
from models.model import FittedModel
from models.text.pretrained import TextVectors
from models.text.tokeniser import Tokeniser

__all__ = ["MIN_SECONDS", "Normalisation", "Predictor", "load_model"]

MIN_SECONDS = 0.1
"""Shortest clip that is predicted; no syllable is shorter."""

_RELIABLE = 5  # clips of a speaker; normalisation from fewer is unreliable


@dataclass(frozen=True)
class Normalisation:
    """Quality of the speaker normalisation of some clips.

    Attributes:
        case: ``none`` if some clip is its speaker's only one, or its speaker is unknown; ``few`` if
            some speaker has fewer than five clips; ``many``; ``corpus`` or ``text`` if the model
            doesn't normalise by speaker.
        sentence: explanation for the user.
    """

    case: Literal["none", "few", "many", "corpus", "text"]
    sentence: str

    @property
    def weak(self) -> bool:
        """True if predictions are less accurate than in the model's evaluation."""
        return self.case in ("none", "few")


@dataclass(frozen=True)
class Predictor:
    """Predictor for samples and texts.

    Attributes:
        model: trained model.

    Example:
        predictor = load_model(Path("runs/v1-default-0"))
        predictor.predict([samples], ["巴适得很"])  # → probabilities (1, 6)
    """

    model: FittedModel

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the probabilities."""
        return self.model.classes

    def predict(
        self,
        audio: Sequence[Samples | str | Path],
        texts: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        *,
        single_speaker: bool = True,
    ) -> NDArray[np.float64]:
        """Return the probability of each class for each clip (n, 6).

        Args:
            audio: each clip as mono samples at 16 kHz in -1..1 (N,), or as the path of such a file.
            texts: text of each clip, "" if unknown; None if all are.
            groups: speaker, or source, of each clip, "" if unknown; None if all are. Clips of a
                group are normalised together, so pass all clips of a speaker at once.
            single_speaker: True if each group is one person, to whom the model may be adapted.

        Raises:
            ValueError: if the numbers of clips, texts and groups differ, or a clip is invalid.
            DataError: if a file is missing, or isn't 16 kHz mono audio.
        """
        n = len(audio)
        texts = [""] * n if texts is None else texts
        groups = [UNSEEN_SPEAKER] * n if groups is None else groups
        if len(texts) != n or len(groups) != n:
            raise ValueError(f"{n} clips, but {len(texts)} texts and {len(groups)} groups")
        return self.predict_examples(
            [
                self.example(
                    read_clip(Path(clip)) if isinstance(clip, str | Path) else clip,
                    text,
                    group,
                    single_speaker=single_speaker,
                )
                for clip, text, group in zip(audio, texts, groups, strict=True)
            ]
        )

    def example(
        self,
        samples: Samples,
        text: str = "",
        group: str = UNSEEN_SPEAKER,
        *,
        single_speaker: bool = True,
    ) -> Example:
        """Return the model input of a clip, which takes less memory than its samples.

        Args:
            samples: mono, 16 kHz, -1..1 (N,).
            text: text of the clip, "" if unknown.
            group: speaker, or source, "" if unknown.
            single_speaker: True if the group is one person.

        Raises:
            ValueError: if the samples are shorter than `MIN_SECONDS`, silent, not mono or not
                finite.
        """
        features, words = self._features(samples), self._words(text)
        vectors = None if self._text_encoder is None else self._text_encoder([text])[0]
        return Example(
            "", features, words, group, single_speaker=single_speaker, text_vectors=vectors
        )

    def predict_examples(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probabilities (n, 6) of clips with computed features."""
        return self.model.probabilities(examples)

    def normalisation(self, groups: Sequence[str]) -> Normalisation:
        """Return how well clips of these groups can be normalised by speaker.

        Args:
            groups: as for :meth:`predict`.
        """
        if not needs_sound(self.model.settings):
            return Normalisation("text", "this model uses texts only; nothing is normalised")
        if self.model.settings.normalise == "corpus":
            return Normalisation(
                "corpus", "this model normalises all speakers by its training corpus"
            )
        counts = Counter(group for group in groups if group != UNSEEN_SPEAKER)
        alone = list(groups).count(UNSEEN_SPEAKER) + sum(n == 1 for n in counts.values())
        few = sum(n for n in counts.values() if 1 < n < _RELIABLE)
        if not alone + few:
            return Normalisation("many", "every speaker, or file, has enough clips to normalise by")
        clips = counted(alone + few, "clip is", "clips are")
        return Normalisation(
            "none" if alone else "few",
            f"{clips} of an unknown speaker, or of one with fewer than {_RELIABLE} clips: "
            f"normalised mostly by the training corpus, which is less accurate; predict several "
            f"clips of a speaker together",
        )

    def _features(self, samples: Samples) -> NDArray[np.float32]:
        if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
            raise ValueError(f"a clip must be finite mono samples at {SAMPLE_RATE} Hz, not empty")
        if needs_sound(self.model.settings):
            if len(samples) < MIN_SECONDS * SAMPLE_RATE:
                raise ValueError(f"a clip must last {MIN_SECONDS} s to have an emotion")
            if not np.any(samples):
                raise ValueError("a clip is silent, so it has no emotion")
        longest = round(self.model.settings.max_seconds * SAMPLE_RATE)
        return self._extractor(np.asarray(samples[:longest], dtype=np.float32))

    def _words(self, text: str) -> tuple[str, ...]:
        return tuple(self._tokeniser(text)) if text else ()

    @cached_property
    def _extractor(self) -> FeatureExtractor:
        return make_extractor(self.model.settings)

    @cached_property
    def _text_encoder(self) -> TextVectors | None:
        return text_encoder(self.model.settings)

    @cached_property
    def _tokeniser(self) -> Tokeniser:
        return Tokeniser(self.model.settings.words.lexicon)


def load_model(run: Path) -> Predictor:
    """Return the predictor of a run folder; DataError if it has no model, or a damaged one."""
    return Predictor(read_model(run))
