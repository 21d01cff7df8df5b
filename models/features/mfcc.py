"""MFCCs with optional deltas and pitch, the default features of the audio branch."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from manifests.storage.store import fingerprint
from models.config.branches import FeatureSettings
from models.features.extractor import SAMPLE_RATE, FeatureExtractor, Features, Samples
from models.features.functionals import prosodic_functionals
from models.features.pitch import pitch_track

__all__ = ["MfccExtractor"]


class MfccExtractor(FeatureExtractor):
    """Extractor of MFCCs, their deltas, and pitch, from centred frames.

    The MFCCs equal those of ``librosa.feature.mfcc``, by the same steps in single precision, but
    window and mel filters are computed once and not per clip. For speed perturbation, the spectrum
    is stretched along frequency and the frames are interpolated to another number, which shifts
    pitch, formants and tempo as another speaker would, in a tenth of the time of resampling the
    clip.
    """

    def __init__(self, settings: FeatureSettings) -> None:
        self.settings, self.hop_ms = settings, settings.hop_ms
        self.hop = round(settings.hop_ms * SAMPLE_RATE / 1000)  # samples
        self.window = round(settings.window_ms * SAMPLE_RATE / 1000)  # samples
        self.fft_size = 1 << (self.window - 1).bit_length()
        coefficients = settings.n_mfcc * (3 if settings.deltas else 1)
        self.width = coefficients + (2 if settings.pitch else 0)  # D
        self._taper = _taper(self.window, self.fft_size)
        self._filters: dict[float, NDArray[np.float32]] = {}

    def fingerprint(self) -> str:
        """Return a fingerprint of settings and algorithm, to name features in the cache."""
        return fingerprint({"algorithm": _ALGORITHM, "settings": self.settings.model_dump()})

    def __call__(self, samples: Samples) -> Features:
        """Return features (1 + N // hop, D): MFCCs, both deltas, then log2 pitch and voicing."""
        return self.at_speeds(samples, (1.0,))[0]

    def at_speeds(self, samples: Samples, speeds: Sequence[float]) -> list[Features]:
        """Return the features (T / speed, D) of a clip at each speed; 1 is its own."""
        power = self._power(samples)
        pitch = pitch_track(samples, SAMPLE_RATE, self.hop) if self.settings.pitch else None
        return [self._at_speed(power, pitch, speed) for speed in speeds]

    def functionals(self, features: Features) -> NDArray[np.float32]:
        """Return the prosodic functionals (F,) of a clip."""
        return prosodic_functionals(features, self.settings)

    def mfcc(self, samples: Samples) -> NDArray[np.float32]:
        """Return the MFCCs (T, n_mfcc) of a clip; equal to ``librosa.feature.mfcc``'s."""
        return self._mfcc(self._power(samples), 1.0)

    def _power(self, samples: Samples) -> NDArray[np.float32]:
        """Return the power spectrogram (T, 1 + fft_size // 2)."""
        padded = np.zeros(len(samples) + self.fft_size, dtype=np.float32)
        padded[self.fft_size // 2 :][: len(samples)] = samples
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.fft_size)[:: self.hop]
        spectrum = np.fft.rfft(frames * self._taper, axis=1)  # as librosa; scipy rounds otherwise
        parts = spectrum.astype(np.complex64, copy=False)
        power: NDArray[np.float32] = parts.real**2 + parts.imag**2
        return power

    def _at_speed(
        self, power: NDArray[np.float32], pitch: NDArray[np.float32] | None, speed: float
    ) -> Features:
        frames = max(round(len(power) / speed), 1)
        mfcc = _interpolate(self._mfcc(power, speed), frames)
        columns = [mfcc, *_deltas(mfcc)] if self.settings.deltas else [mfcc]
        if pitch is not None:
            shift = np.array([np.log2(speed), 0.0], dtype=np.float32)
            columns.append(_interpolate(pitch, frames) + shift)
        return np.concatenate(columns, axis=1, dtype=np.float32)

    def _mfcc(self, power: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
        mel = power @ self._mel_filters(speed).T  # (T, n_mels)
        decibels = 10 * np.log10(np.maximum(mel, _LEAST_POWER))
        decibels = np.maximum(decibels, decibels.max() - _DYNAMICS)
        cepstrum = fft.dct(decibels, axis=1, norm="ortho")
        mfcc: NDArray[np.float32] = cepstrum[:, : self.settings.n_mfcc]
        return mfcc

    def _mel_filters(self, speed: float) -> NDArray[np.float32]:
        """Return the mel filters for a spectrum with frequencies ``speed`` times as high."""
        if speed not in self._filters:
            from librosa.filters import mel

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # speeds below 1 leave the highest filters empty
                self._filters[speed] = mel(
                    sr=SAMPLE_RATE * speed,
                    n_fft=self.fft_size,
                    n_mels=self.settings.n_mels,
                    fmax=SAMPLE_RATE / 2,
                )
        return self._filters[speed]


def _taper(window: int, fft_size: int) -> NDArray[np.float32]:
    """Return a Hann window centred in a frame (fft_size,)."""
    taper = np.zeros(fft_size, dtype=np.float32)
    taper[(fft_size - window) // 2 :][:window] = np.hanning(window + 1)[:-1]
    return taper


def _interpolate(rows: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return rows (T, D) interpolated linearly to another number of frames."""
    if frames == len(rows):
        return rows
    places = np.linspace(0, len(rows) - 1, frames)
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, len(rows) - 1)
    share = (places - before).astype(np.float32)[:, None]
    interpolated: NDArray[np.float32] = rows[before] * (1 - share) + rows[after] * share
    return interpolated


def _deltas(mfcc: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the first and second deltas; zeros if the clip has too few frames."""
    import librosa

    width = min(_DELTA_WIDTH, (len(mfcc) - 1) // 2 * 2 + 1)
    if width < 3:
        return [np.zeros_like(mfcc)] * 2
    return [
        librosa.feature.delta(mfcc, width=width, order=order, axis=0, mode="nearest")
        for order in (1, 2)
    ]


_ALGORITHM = 2  # increment when the same samples and settings give other features
_DELTA_WIDTH = 9  # frames, librosa's default
_LEAST_POWER = np.float32(1e-10)  # librosa's amin
_DYNAMICS = 80.0  # dB below the clip's loudest band, librosa's top_db
