"""Render the audio of a scene: utterances on a timeline, with music or noise.

Levels are in dBFS (RMS). pydub does the clip-level edits (place, pan, gain, overlay); its rate
conversion has no anti-alias filter, so librosa resamples.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import librosa
import numpy as np
from pydub import AudioSegment

SPEECH_DBFS = -27.0
ROOM_DBFS = -66.0
TRIM_DB = 40.0
TRIM_MARGIN = 0.02
PAUSE_RANGE = (0.2, 3.0)
CLIP_GAIN_DB = 18.0
SPEECH_BAND_HZ = 8_000.0  # bandwidth of nEMO: noise above it would not count in the SNR
# Mean RMS of at least 60 readings. Speaker levels in nEMO differ by up to 7 dB; one gain a speaker
# equalises them and keeps the differences between a speaker's emotions.
SPEAKER_DBFS = {"KD0": -22.6, "TP0": -25.2, "IC0": -19.7, "KS0": -26.3}
CHORDS = ((0, 3, 7), (8, 12, 15), (3, 7, 10), (10, 14, 17))  # i VI III VII, semitones over the root


@dataclass(frozen=True)
class Utterance:
    """Speech of one speaker: float samples, sample rate, text and nEMO file."""

    samples: np.ndarray
    rate: int
    speaker: str
    text: str
    file: str


@dataclass(frozen=True)
class Placed:
    """Utterance placed in a scene; times in seconds from the scene's start."""

    utterance: Utterance
    start: float
    end: float


@dataclass(frozen=True)
class SceneSound:
    """Rendered scene with its placed utterances."""

    segment: AudioSegment
    placed: list[Placed]

    @property
    def duration(self) -> float:
        return len(self.segment) / 1000


def to_segment(samples: np.ndarray, rate: int) -> AudioSegment:
    """Convert float samples, shape (frames,) or (frames, channels), to 16-bit pydub audio."""
    pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    return AudioSegment(pcm.tobytes(), frame_rate=rate, sample_width=2, channels=channels)


def to_samples(segment: AudioSegment) -> np.ndarray:
    """Return int16 samples, shape (frames, channels)."""
    return np.array(segment.get_array_of_samples(), dtype=np.int16).reshape(-1, segment.channels)


def trim_silence(samples: np.ndarray, rate: int) -> np.ndarray:
    """Trim both ends below -40 dB of the loudest 20 ms, so that times are those of speech."""
    frame, hop = rate // 50, rate // 200
    _, (start, end) = librosa.effects.trim(
        samples, top_db=TRIM_DB, frame_length=frame, hop_length=hop
    )
    margin = round(TRIM_MARGIN * rate)
    return samples[max(0, start - margin) : end + margin]


def speech_segment(utterance: Utterance, rate: int) -> AudioSegment:
    """Trim, normalise and resample an utterance to a whole number of milliseconds."""
    gain = 10 ** ((SPEECH_DBFS - SPEAKER_DBFS[utterance.speaker]) / 20)
    samples = gain * trim_silence(utterance.samples, utterance.rate)
    whole = len(samples) // (utterance.rate // 1000) * (utterance.rate // 1000)
    resampled = librosa.resample(
        samples[:whole], orig_sr=utterance.rate, target_sr=rate, res_type="soxr_vhq"
    )
    return to_segment(resampled, rate).fade_in(8).fade_out(8)


def draw_pauses(speakers: list[str], rng: np.random.Generator) -> list[float]:
    """Draw log-uniform pauses, the longest ones at changes of speaker."""
    changes = [a != b for a, b in pairwise(speakers)]
    low, high = np.log(PAUSE_RANGE)
    drawn = sorted(np.exp(rng.uniform(low, high, len(changes))), reverse=True)
    at_changes = list(rng.permutation(drawn[: sum(changes)]))
    within = list(rng.permutation(drawn[sum(changes) :]))
    return [float(at_changes.pop() if change else within.pop()) for change in changes]


def place(
    utterances: list[Utterance], segments: list[AudioSegment], rng: np.random.Generator
) -> tuple[list[Placed], float]:
    """Put utterances on the scene's timeline (whole milliseconds) and return its length."""
    lead_in, lead_out = rng.uniform(0.6, 1.2, 2)
    pauses = [0.0, *draw_pauses([u.speaker for u in utterances], rng)]
    placed, now = [], float(lead_in)
    for utterance, segment, pause in zip(utterances, segments, pauses, strict=True):
        start = round(now + pause, 3)
        now = start + len(segment) / 1000
        placed.append(Placed(utterance, start, round(now, 3)))
    return placed, round(now + float(lead_out), 3)


def overlay_speech(
    placed: list[Placed], segments: list[AudioSegment], duration: float, channels: int
) -> AudioSegment:
    """Return the dialogue without background; in stereo the two speakers are panned apart."""
    canvas = AudioSegment.silent(round(duration * 1000), segments[0].frame_rate)
    canvas = canvas.set_channels(channels)
    left_speaker = min(p.utterance.speaker for p in placed)
    for item, segment in zip(placed, segments, strict=True):
        if channels == 2:
            segment = segment.pan(-0.3 if item.utterance.speaker == left_speaker else 0.3)
        canvas = canvas.overlay(segment, position=round(item.start * 1000))
    return canvas


def speech_level(dialogue: AudioSegment, placed: list[Placed]) -> float:
    """Return the level of the scene's speech without its pauses, in dBFS."""
    mono = dialogue.set_channels(1)
    spoken = [mono[round(p.start * 1000) : round(p.end * 1000)] for p in placed]
    return sum(spoken[1:], spoken[0]).dBFS


def note(frequency: float, seconds: float, rate: int, decay: float) -> np.ndarray:
    """Render a plucked note: harmonics at 1/k, with faster decay at higher k."""
    t = np.arange(round(seconds * rate)) / rate
    partials = (
        np.sin(2 * np.pi * k * frequency * t) * np.exp(-decay * k * t) / k for k in range(1, 7)
    )
    attack = np.minimum(1.0, t / 0.01)
    return attack * sum(partials)


def add_note(bed: np.ndarray, at: float, rate: int, tone: np.ndarray) -> None:
    under = bed[round(at * rate) :][: len(tone)]
    under += tone[: len(under)]


def render_music(seconds: float, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Render a slow minor progression: held chord, arpeggio in eighths, bass on the beat."""
    bed = np.zeros(round(seconds * rate))
    root = 110.0 * 2 ** (int(rng.integers(-3, 4)) / 12)
    beat = 60 / float(rng.uniform(76, 100))
    bar = 4 * beat
    for n in range(int(np.ceil(seconds / bar))):
        chord = [root * 2 ** (step / 12) for step in CHORDS[n % len(CHORDS)]]
        for pitch in chord:
            add_note(bed, n * bar, rate, 0.5 * note(2 * pitch, bar, rate, 0.5))
        for i in range(8):
            tone = note(4 * chord[int(rng.integers(3))], 2 * beat, rate, 1.5)
            add_note(bed, n * bar + i * beat / 2, rate, 0.7 * tone)
        for i in (0, 2):
            add_note(bed, n * bar + i * beat, rate, note(chord[0] / 2, 2 * beat, rate, 0.8))
    return bed / np.abs(bed).max()


def render_noise(seconds: float, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Render background noise: slowly modulated pink noise and an engine's hum."""
    n = round(seconds * rate)
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    spectrum = np.fft.rfft(rng.standard_normal(n)) * (frequencies < SPEECH_BAND_HZ)
    spectrum /= np.sqrt(np.maximum(frequencies, 40.0))
    pink = np.fft.irfft(spectrum, n)
    t = np.arange(n) / rate
    swell = 1 + 0.15 * np.sin(2 * np.pi * 0.11 * t + rng.uniform(0, 2 * np.pi))
    hum = sum(np.sin(2 * np.pi * 55 * k * t) / k for k in (1, 2, 3))
    bed = swell * pink / pink.std() + 0.3 * hum
    return bed / np.abs(bed).max()


def lay_bed(
    dialogue: AudioSegment, placed: list[Placed], bed: np.ndarray, snr_db: float
) -> AudioSegment:
    """Overlay the dialogue with a bed at `snr_db` below its speech level."""
    segment = to_segment(0.5 * bed, dialogue.frame_rate)
    segment = segment.apply_gain(speech_level(dialogue, placed) - snr_db - segment.dBFS)
    segment = segment.fade_in(300).fade_out(300).set_channels(dialogue.channels)
    return dialogue.overlay(segment)


def render_scene(
    utterances: list[Utterance],
    *,
    condition: str,
    snr_db: float | None,
    rate: int,
    channels: int,
    rng: np.random.Generator,
) -> SceneSound:
    segments = [speech_segment(u, rate) for u in utterances]
    placed, duration = place(utterances, segments, rng)
    dialogue = overlay_speech(placed, segments, duration, channels)
    if condition in ("music", "noise"):
        if snr_db is None:
            raise ValueError(f"a scene with {condition} needs its snr_db")
        render = render_music if condition == "music" else render_noise
        dialogue = lay_bed(dialogue, placed, render(duration, rate, rng), snr_db)
    elif condition == "clipped":
        dialogue = dialogue.apply_gain(CLIP_GAIN_DB)  # 16-bit gain saturates: a hard clip
    return SceneSound(dialogue, placed)


def join_scenes(scenes: list[SceneSound], rng: np.random.Generator) -> np.ndarray:
    """Join scenes over faint room tone (pauses are not digital silence): (frames, channels)."""
    segments = [scene.segment for scene in scenes]
    film = sum(segments[1:], segments[0])
    hiss = rng.standard_normal((int(film.frame_count()), film.channels))
    room = to_segment(10 ** (ROOM_DBFS / 20) * hiss, film.frame_rate)
    return to_samples(film.overlay(room))
