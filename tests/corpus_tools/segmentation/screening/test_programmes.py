"""Two programmes in one track, and what only looks like it."""

import numpy as np
import pytest
import scipy.signal

from corpus_tools.segmentation.segment import segment

RATE = 16_000
WARNING = "its two channels carry speech of their own and hardly correlate"
SECONDS = 12


@pytest.fixture(scope="module")
def talks(make_voice):
    """Two people who talk at the same time, each with pauses of their own."""

    def talk(pitches, seed, pause):
        pieces = [np.zeros(round(pause * RATE))]
        for number, pitch in enumerate(pitches):
            pieces += [make_voice(2.4, RATE, pitch, seed + number), np.zeros(round(pause * RATE))]
        sound = np.concatenate(pieces)[: SECONDS * RATE]
        return np.pad(sound, (0, SECONDS * RATE - len(sound)))

    return talk((118, 131, 124, 137), 1, 0.5), talk((193, 211, 202, 187), 40, 0.8)


def noise(seed, level=1e-3):
    return np.random.default_rng(seed).normal(0, level, SECONDS * RATE)


def turns(talks):
    """Let the two talk in turns of three seconds."""
    first = np.arange(SECONDS * RATE) // (3 * RATE) % 2 == 0
    return np.where(first, talks[0], 0), np.where(first, 0, talks[1])


def chords(seed):
    """Return held notes of several partials, other ones for each seed."""
    rng = np.random.default_rng(seed)
    time = np.arange(SECONDS * RATE) / RATE
    notes = 110 * 2 ** (rng.choice(24, size=(SECONDS // 2, 3)) / 12)
    tones = notes.repeat(2 * RATE, axis=0).T
    return 0.1 * sum(np.sin(2 * np.pi * k * tone * time) / k for tone in tones for k in (1, 2, 3))


def warns(tmp_path, make_media, left, right, suffix=".flac", **options):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    sound = np.stack([left, right])
    path = make_media(tmp_path / f"a{suffix}", sound, layout="stereo", **options)
    return any(WARNING in warning for warning in segment(corpus, [path]).warnings)


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".mp4"])
def test_two_programmes_are_a_warning_in_any_format(tmp_path, make_media, talks, suffix):
    assert warns(tmp_path, make_media, *talks, suffix)


def test_interviews_with_a_microphone_each_are_a_warning(tmp_path, make_media, talks):
    one, two = turns(talks)
    assert warns(tmp_path, make_media, one + noise(1), two + noise(2))


def test_microphones_that_also_pick_up_the_other_are_a_warning(tmp_path, make_media, talks):
    one, two = turns(talks)
    left, right = one + 0.15 * np.roll(two, 40), two + 0.15 * np.roll(one, 40)
    assert warns(tmp_path, make_media, left + noise(1), right + noise(2))


def test_two_dubs_over_the_same_quiet_music_are_a_warning(tmp_path, make_media, talks):
    music = 0.05 * chords(3)
    assert warns(tmp_path, make_media, talks[0] + music, talks[1] + music)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (lambda talk: talk, lambda talk: talk),
        (lambda talk: talk, lambda talk: 0.3 * talk),
        (lambda talk: talk, lambda talk: np.roll(talk, 200)),
        (lambda talk: talk, lambda talk: 0 * talk),
        (lambda talk: talk, lambda talk: noise(2, 0.03)),
        (lambda talk: talk + noise(1, 0.02), lambda talk: talk + noise(2, 0.02)),
        (lambda talk: talk + 0.2 * chords(1), lambda talk: talk + 0.2 * chords(2)),
        (lambda talk: chords(1), lambda talk: chords(2)),
        (lambda talk: noise(1, 0.1), lambda talk: noise(2, 0.1)),
        (
            lambda talk: scipy.signal.fftconvolve(talk, tail(1))[: len(talk)],
            lambda talk: scipy.signal.fftconvolve(talk, tail(2))[: len(talk)],
        ),
    ],
)
def test_stereo_is_no_reason_to_warn(tmp_path, make_media, talks, left, right):
    assert not warns(tmp_path, make_media, left(talks[0]), right(talks[0]))


def tail(seed):
    """Return the response of a room at another place for each seed."""
    echoes = np.random.default_rng(seed).normal(0, 0.03, RATE // 3)
    echoes *= 10 ** (-3 * np.arange(len(echoes)) / len(echoes))
    echoes[0] = 1
    return echoes


def test_neither_5_1_nor_a_chosen_channel_is_a_reason_to_warn(tmp_path, make_media, talks):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    wide = np.stack([talks[0] * level for level in (0.3, 0.3, 1, 0, 0.1, 0.1)])
    make_media(tmp_path / "wide.flac", wide, layout="5.1")
    outcome = segment(corpus, [tmp_path / "wide.flac"])
    make_media(tmp_path / "two.flac", np.stack(talks), layout="stereo")
    chosen = segment(corpus, [tmp_path / "two.flac"], channel="right")
    assert not any(WARNING in one for one in outcome.warnings + chosen.warnings)
    mixed = segment(corpus, [tmp_path / "two.flac"], channel="mix")
    assert not any(WARNING in one for one in mixed.warnings)
    make_media(tmp_path / "turned.flac", np.stack(talks[::-1]), layout="stereo")
    unsaid = segment(corpus, [tmp_path / "turned.flac"])
    (warning,) = [one for one in unsaid.warnings if WARNING in one]
    assert warning == (
        f"{tmp_path / 'turned.flac'}: {WARNING}, as where one holds another language, or each a "
        f"microphone; they were mixed, so use --channel left or --channel right, or give each as a "
        f"file of its own"
    )
