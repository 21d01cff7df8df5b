from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import gammaincinv, ndtri

from corpus_tools.media.cut import Cut
from corpus_tools.media.samples import frame_powers
from corpus_tools.registries.measures import Measure
from corpus_tools.segmentation.screening import clip_sound
from corpus_tools.segmentation.screening.clip_sound import ClipSound, measure
from corpus_tools.segmentation.screening.dropouts import dropout_count
from corpus_tools.segmentation.screening.music import (
    frequency_activation,
    music_score,
    sustained_partials,
)
from corpus_tools.segmentation.screening.snr import _WADA_DB, _WADA_SPREAD, voiced, wada_snr_db
from corpus_tools.segmentation.screening.spectra import power_spectra
from corpus_tools.segmentation.voice.activity import Activity
from manifests.base.errors import DataError

RATE = 16_000


def pcm(sound):
    return np.clip(np.round(6000 * sound), -32768, 32767).astype(np.int16)


def rms(sound):
    return np.sqrt(np.mean(sound**2))


def talk(words, seed=0):
    """Return words of 0.4 s of gliding pitch, each before a pause, and the mask of speech."""
    rng = np.random.default_rng(seed)
    sound, spoken = [], []
    for pause in words:
        t = np.arange(6400) / RATE
        pitch = rng.uniform(100, 220) * (1 + rng.uniform(0.2, 0.5) * rng.choice([-1, 1]) * t)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        word = sum(np.sin(n * phase + n) / n for n in range(1, 25)) * np.sin(np.pi * t / 0.4)
        sound += [word / rms(word), np.zeros(round(pause * RATE))]
        spoken += [np.ones(len(word), dtype=bool), np.zeros(round(pause * RATE), dtype=bool)]
    return np.concatenate(sound), np.concatenate(spoken)


def noise(count, db, seed=0):
    return 10 ** (db / 20) * np.random.default_rng(seed).standard_normal(count)


def chord(count, db):
    t = np.arange(count) / RATE
    notes = (261.6, 329.6, 392.0)
    tone = sum(np.sin(2 * np.pi * n * note * t + n) / n for note in notes for n in range(1, 9))
    return 10 ** (db / 20) * tone / rms(tone)


def steps(count, db):
    """Return a thud and a scrape of 60 ms, twice a second."""
    fade = np.exp(-np.arange(count) % (RATE // 2) / (0.02 * RATE))
    return 10 ** (db / 20) * noise(count, 0) * fade / rms(fade)


def activity_of(sound, spoken):
    samples = pcm(sound)
    power = frame_powers(samples, 160)
    speech = spoken[: len(power) * 160].reshape(-1, 160).any(axis=1)
    nothing = np.zeros(len(power), dtype=bool)
    return samples, Activity(power, np.zeros_like(power), speech, nothing)


def measures_of(sound, spoken):
    samples, activity = activity_of(sound, spoken)
    return SimpleNamespace(**measure(ClipSound(samples, activity, Cut(0, len(samples) // 16))))


TALK, SPOKEN = talk([0.3, 0.15, 0.5, 0.2, 0.4, 0.3])
ROOM = noise(len(TALK), -45)


def test_music_is_detected_under_speech_and_nothing_else_is():
    clean = measures_of(TALK + ROOM, SPOKEN).music
    hissing = measures_of(TALK + noise(len(TALK), -5), SPOKEN).music
    scores = [measures_of(TALK + ROOM + chord(len(TALK), db), SPOKEN).music for db in (-15, -5)]
    assert max(clean, hissing) < 0.1
    assert min(scores) > 0.9
    assert measures_of(0.1 * (TALK + ROOM + chord(len(TALK), -15)), SPOKEN).music > 0.9


def test_a_clip_of_less_than_half_a_second_has_no_score():
    assert music_score(power_spectra(pcm(TALK[:7000]))) is None
    assert music_score(power_spectra(pcm(TALK[:500]))) is None


@pytest.mark.parametrize(("frames", "partials"), [(9, 0.0), (10, 0.2), (50, 1.0)])
def test_partials_count_from_four_tenths_of_a_second_on(frames, partials):
    contrast = np.zeros((50, 100), dtype=np.float32)
    contrast[:frames, 40] = 12
    assert sustained_partials(contrast) == pytest.approx(partials)


def test_activation_is_the_share_of_time_in_which_a_bin_stands_out():
    contrast = np.zeros((50, 100), dtype=np.float32)
    contrast[:25, 40] = 12
    half = frequency_activation(contrast)
    contrast[:, 40] = 12
    assert (half, frequency_activation(contrast)) == pytest.approx((0.5 * 20 / 21, 20 / 21), 0.02)


@pytest.mark.parametrize("db", [20, 10, 5])
def test_steady_noise_is_measured_in_the_pauses(db):
    ratio = measures_of(TALK + noise(len(TALK), -db), SPOKEN).snr_db
    assert ratio == pytest.approx(db, abs=1.5)


def test_steps_count_as_background_though_detected_as_speech():
    sound = TALK + ROOM + steps(len(TALK), -5)
    everything = SPOKEN | (np.abs(steps(len(TALK), 0)) > 0.3)
    assert measures_of(sound, SPOKEN).snr_db < 9
    assert measures_of(sound, everything).snr_db < 12


def whisper(count, seconds, db):
    """Return breath in words of so many seconds, each swelling and fading, before equal pauses."""
    swell = np.maximum(np.sin(np.pi * np.arange(count) / (seconds * RATE)), 0) ** 2
    return noise(count, db, seed=3) * swell


def voiced_then(unvoiced, seconds):
    """Return 1 s of talk, a pause and then unvoiced sound, before 1 s of talk again; and speech."""
    count, pause = round(seconds * RATE), np.zeros(RATE // 10)
    word, spoken = talk([0.1, 0.1], seed=1)
    sound = np.concatenate((word, pause, unvoiced(count), pause, word))
    mask = np.concatenate((spoken, pause > 0, np.ones(count, dtype=bool), pause > 0, spoken))
    return sound + noise(len(sound), -45), mask


@pytest.mark.parametrize(
    ("sound", "clean"),
    [
        (lambda count: whisper(count, 0.9, 0), True),  # a whispered phrase
        (lambda count: whisper(count, 0.6, -6), True),
        (lambda count: noise(count, -3), False),  # an engine
        (lambda count: steps(count, -3), False),
        (lambda count: steps(count, 3), False),
    ],
)
def test_whispers_between_voices_are_speech_and_steps_and_engines_are_not(sound, clean):
    ratio = measures_of(*voiced_then(sound, 3.5)).snr_db
    assert ratio > 20 if clean else ratio < 12


def test_speech_of_which_no_voice_is_found_keeps_its_ratio_next_to_voices():
    sound, spoken = voiced_then(lambda count: whisper(count, 1.2, 0), 2.4)
    pause = np.zeros(RATE)
    quiet = np.concatenate((sound, pause)) + noise(len(sound) + RATE, -40)
    mask = np.concatenate((spoken, pause > 0))
    assert measures_of(quiet, mask).snr_db > 30
    hiss = noise(len(quiet), -6, seed=2)
    assert measures_of(quiet + hiss, mask).snr_db < 12


def test_background_includes_pauses_around_the_clip():
    samples, activity = activity_of(TALK + noise(len(TALK), -10), SPOKEN)
    cut = Cut(0, 400)
    alone = measure(ClipSound(samples[:6400], activity, cut))
    around = measure(ClipSound(samples[:6400], activity, cut, after=samples[6400:22_400]))
    assert around["snr_db"] == pytest.approx(10, abs=2)
    assert alone["snr_db"] != around["snr_db"]


@pytest.mark.parametrize(
    ("sound", "share"),
    [
        (talk([0])[0], 0.1333),
        (noise(6400, 0) * np.hanning(6400), 0.0),
        (noise(6400, 0) * np.exp(-np.arange(6400) / 1600), 0.0),
    ],
    ids=["word", "burst", "cough"],
)
def test_a_short_sound_alone_in_a_clip_is_speech_if_it_has_a_voice(sound, share):
    around = noise(3 * RATE, -45, seed=1)
    around[RATE : RATE + len(sound)] += sound
    spoken = np.zeros(len(around), dtype=bool)
    spoken[RATE : RATE + len(sound)] = True
    assert measures_of(around, spoken).speech_ratio == pytest.approx(share, abs=0.005)


def test_without_speech_there_is_no_ratio():
    assert measures_of(ROOM, np.zeros(len(ROOM), dtype=bool)).snr_db is None


def test_amplitudes_give_the_ratio_of_a_mixture():
    rng = np.random.default_rng(0)
    speech = rng.gamma(0.4, 1, 80_000) * rng.choice([-1, 1], 80_000)
    for db in (0, 10, 20):
        mixed = speech / rms(speech) + noise(len(speech), -db)
        assert wada_snr_db(pcm(mixed / 4)) == pytest.approx(db, abs=1)
    assert wada_snr_db(np.zeros(100, dtype=np.int16)) == 100


def test_table_of_spreads_matches_its_definition():
    at = (np.arange(1500) + 0.5) / 1500
    speech = gammaincinv(0.4, at)[:, None] / np.sqrt(0.4 * 1.4)
    gauss = ndtri(at)[None]
    for db, expected in list(zip(_WADA_DB, _WADA_SPREAD, strict=True))[::4]:
        size = np.abs(10 ** (db / 20) * speech + gauss)
        assert np.log(size.mean()) - np.log(size).mean() == pytest.approx(expected, abs=0.005)


def test_voice_is_detected_in_words_and_not_in_hiss_or_bangs():
    assert voiced(power_spectra(pcm(TALK[:6400]))).mean() > 0.5
    assert not voiced(power_spectra(pcm(noise(RATE, 0)))).any()
    assert not voiced(power_spectra(pcm(steps(RATE, 0) + noise(RATE, -30)))).any()
    assert not len(voiced(power_spectra(np.zeros(10, dtype=np.int16))))


def with_hole(start, milliseconds, left=0.0):
    sound = pcm(TALK + noise(len(TALK), -25))
    hole = slice(start, start + milliseconds * 16)
    sound[hole] = (left * sound[hole]).astype(np.int16)
    return sound


@pytest.mark.parametrize(("milliseconds", "count"), [(4, 0), (20, 1), (100, 1), (290, 1), (400, 0)])
def test_hole_within_sound_is_a_dropout(milliseconds, count):
    assert dropout_count(with_hole(1600, milliseconds)) == count


def test_dropouts_blurred_by_a_codec_are_found_and_pauses_are_not():
    assert dropout_count(with_hole(1600, 50, left=0.002)) == 1
    assert dropout_count(pcm(TALK + ROOM)) == 0
    assert dropout_count(pcm(TALK)) == 0
    assert dropout_count(np.zeros(RATE, dtype=np.int16)) == 0


def test_clip_shorter_than_a_window_has_the_other_measures():
    measured = measures_of(TALK[:160], SPOKEN[:160])
    assert (measured.music, measured.dropouts) == (None, 0)


def not_a_number(sound):
    return float("nan")


@pytest.mark.parametrize(
    ("function", "problem"), [("not_a_number", "returned nan"), ("missing", "AttributeError")]
)
def test_a_failing_added_measure_is_named(monkeypatch, function, problem):
    row = Measure(name="toy", compute=f"{__name__}:{function}", meaning="nothing")
    monkeypatch.setattr(clip_sound, "added_measures", lambda: (row,))
    with pytest.raises(DataError, match=rf"measure toy .*{problem}.*; report it to its author"):
        measures_of(TALK, SPOKEN)
