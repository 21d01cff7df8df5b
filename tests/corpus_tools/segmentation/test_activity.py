import numpy as np

from corpus_tools.media.decode import Block
from corpus_tools.media.levels import frame_powers
from corpus_tools.segmentation.activity import Listener, runs
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.voice import WebRtcVoice


def heard(sound, sizes=(16_000,), gap=None):
    settings = SegmentSettings()
    listener = Listener(WebRtcVoice(settings.aggressiveness), settings)
    samples = (sound * 32767).astype(np.int16)
    at, turn = 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        listener.hear(Block(samples[at : at + size], gap=gap is not None and turn == gap))
        at, turn = at + size, turn + 1
    return listener.activity()


def test_utterances_are_found_within_a_few_hundredths_of_a_second(make_scene):
    found = runs(heard(make_scene([(1.5, 0.8), (2.0, 0.4), (0.9, 1.5)])).speech) / 100
    truth = np.array([[0.5, 2.0], [2.8, 4.8], [5.2, 6.1]])
    assert found.shape == truth.shape
    assert np.abs(found - truth).max() < 0.15


def test_the_size_of_the_blocks_makes_no_difference(make_scene):
    sound = make_scene([(1.5, 0.8), (2.0, 0.4)])
    whole, odd = heard(sound), heard(sound, sizes=(1, 777, 16_000, 159))
    assert np.array_equal(whole.power, odd.power)
    assert np.array_equal(whole.speech, odd.speech)
    assert np.array_equal(whole.power, frame_powers((sound * 32767).astype(np.int16), 160))


def test_a_gap_is_no_speech(make_scene):
    activity = heard(make_scene([(4.0, 0.5)]), gap=2)
    assert activity.gap[200:300].all()
    assert activity.gap.sum() == 100
    assert not activity.speech[200:300].any()


def test_steady_noise_is_no_speech_and_has_no_pauses_to_cut_in():
    noise = np.random.default_rng(0).normal(0, 0.02, 160_000)
    activity = heard(noise)
    assert activity.speech.mean() < 0.1
    assert len(heard(np.zeros(0)).power) == 0
    assert not heard(np.zeros(32_000)).speech.any()
