"""What the audio branch hears: MFCCs of a clip, with optional deltas and pitch."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.store import fingerprint
from models.pitch import pitch_track
from models.settings import FeatureSettings

__all__ = ["SAMPLE_RATE", "FeatureExtractor", "Features", "Samples"]

SAMPLE_RATE = 16000
"""Hz; of every clip of a corpus."""

Samples = NDArray[np.float32]
"""Mono audio at 16 kHz in -1..1, (N,)."""

Features = NDArray[np.float32]
"""Frames of a clip, (T, D)."""

_ALGORITHM = 1  # raised when the same samples and settings would give other features
_DELTA_WIDTH = 9  # frames, librosa's default


@dataclass(frozen=True)
class FeatureExtractor:
    """Computes the features of clips.

    The MFCCs are librosa's (``librosa.feature.mfcc``), in its order of steps; the mel filters are
    made once, not once a clip. Frames are centred and ``hop_ms`` apart.

    Attributes:
        settings: which features, and their windows.
        speed: how many times faster the clip is played; pitch and formants rise with it, so that
            somebody else seems to speak.
    """

    settings: FeatureSettings
    speed: float = 1.0

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return round(self.settings.hop_ms * SAMPLE_RATE / 1000)

    @property
    def window(self) -> int:
        """Samples of a frame."""
        return round(self.settings.window_ms * SAMPLE_RATE / 1000)

    @property
    def fft_size(self) -> int:
        """Points of the Fourier transform: the next power of two."""
        return 1 << (self.window - 1).bit_length()

    @property
    def width(self) -> int:
        """D, the number of features of a frame."""
        times = 3 if self.settings.deltas else 1
        return self.settings.n_mfcc * times + (2 if self.settings.pitch else 0)

    @cached_property
    def fingerprint(self) -> str:
        """What identifies the features of one and the same clip."""
        settings = self.settings.model_dump()
        return fingerprint({"algorithm": _ALGORITHM, "settings": settings, "speed": self.speed})

    @cached_property
    def _filters(self) -> Any:
        from librosa.filters import mel

        return mel(sr=SAMPLE_RATE, n_fft=self.fft_size, n_mels=self.settings.n_mels)

    def __call__(self, samples: Samples) -> Features:
        """Return the features (T, D) of a clip, T = 1 + N // hop at its own speed.

        Columns: MFCCs, then their first and second deltas, then log2 pitch and voicing.
        """
        import librosa

        if self.speed != 1.0:
            samples = _at_speed(samples, self.speed)
        mfcc = self.mfcc(samples)  # (n_mfcc, T)
        rows = [mfcc]
        if self.settings.deltas:
            width = min(_DELTA_WIDTH, (mfcc.shape[1] - 1) // 2 * 2 + 1)
            for order in (1, 2):
                rows.append(
                    librosa.feature.delta(mfcc, width=width, order=order, mode="nearest")
                    if width > 2
                    else np.zeros_like(mfcc)
                )
        if self.settings.pitch:
            rows.append(pitch_track(samples, SAMPLE_RATE, self.hop).T)
        return np.ascontiguousarray(np.concatenate(rows).T, dtype=np.float32)

    def mfcc(self, samples: Samples) -> NDArray[np.float32]:
        """Return the MFCCs (n_mfcc, T) of a clip; equal to ``librosa.feature.mfcc``'s."""
        import librosa

        spectrum = librosa.stft(
            np.pad(samples, self.fft_size // 2),  # as librosa does, which warns at short clips
            n_fft=self.fft_size,
            hop_length=self.hop,
            win_length=self.window,
            center=False,
        )
        power = spectrum.real**2 + spectrum.imag**2
        decibels = librosa.power_to_db(self._filters @ power)
        coefficients: NDArray[np.float32] = librosa.feature.mfcc(
            S=decibels, n_mfcc=self.settings.n_mfcc
        )
        return coefficients


def _at_speed(samples: Samples, speed: float) -> Samples:
    from scipy.signal import resample_poly

    ratio = Fraction(speed).limit_denominator(20)
    faster: Samples = resample_poly(samples, ratio.denominator, ratio.numerator)
    return faster
