import numpy as np

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.decode import Block
from corpus_tools.media.samples import frame_powers
from corpus_tools.segmentation.voice.activity import ActivityMeter, prominence_of, runs
from corpus_tools.segmentation.voice.webrtc import WebRtcVoice


def activity_of(sound, sizes=(16_000,), gap=None):
    settings = SegmentSettings()
    meter = ActivityMeter(WebRtcVoice(settings.aggressiveness), settings)
    samples = (sound * 32767).astype(np.int16)
    at, turn = 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        meter.add(Block(samples[at : at + size], gap=gap is not None and turn == gap))
        at, turn = at + size, turn + 1
    return meter.activity()


def test_utterances_are_located_within_hundredths_of_a_second(make_scene):
    detected = runs(activity_of(make_scene([(1.5, 0.8), (2.0, 0.4), (0.9, 1.5)])).speech) / 100
    truth = np.array([[0.5, 2.0], [2.8, 4.8], [5.2, 6.1]])
    assert detected.shape == truth.shape
    assert np.abs(detected - truth).max() < 0.15


def test_result_is_independent_of_block_size(make_scene):
    sound = make_scene([(1.5, 0.8), (2.0, 0.4)])
    whole, odd = activity_of(sound), activity_of(sound, sizes=(1, 777, 16_000, 159))
    assert np.array_equal(whole.power, odd.power)
    assert np.array_equal(whole.speech, odd.speech)
    assert np.array_equal(whole.power, frame_powers((sound * 32767).astype(np.int16), 160))


def test_gap_is_not_speech(make_scene):
    activity = activity_of(make_scene([(4.0, 0.5)]), gap=2)
    assert activity.gap[200:300].all()
    assert activity.gap.sum() == 100
    assert not activity.speech[200:300].any()


def test_steady_noise_is_not_speech_and_has_no_pauses():
    noise = np.random.default_rng(0).normal(0, 0.02, 160_000)
    activity = activity_of(noise)
    assert activity.speech.mean() < 0.1
    assert len(activity_of(np.zeros(0)).power) == 0
    assert not activity_of(np.zeros(32_000)).speech.any()


def levels(background_db, seconds=20):
    """Powers of frames that are loud (0 dB) for 2 s and quiet for 1 s in turn, as noise is."""
    rng = np.random.default_rng(0)
    loud = np.arange(seconds * 100) % 300 < 200
    power = np.where(loud, 1, 10 ** (background_db / 10)) * rng.chisquare(8, len(loud)) / 8
    return loud, power


def test_uncertainty_grows_with_the_background():
    doubts = [prominence_of(levels(db)[1].astype(np.float32))[1].mean() for db in (-50, -30, -10)]
    assert doubts[0] == 0
    assert 0.2 < doubts[1] < 0.8
    assert doubts[2] == 1


def test_single_frames_are_not_speech_over_a_loud_background():
    loud, power = levels(-8)
    prominence, _ = prominence_of(power.astype(np.float32))
    inner = np.convolve(loud, np.ones(41), mode="same")
    assert prominence[inner == 41].min() > 0.25
    assert prominence[inner == 0].max() < 0.25


def test_edges_stay_sharp_without_uncertainty():
    loud, power = levels(-50)
    prominence, _ = prominence_of(power.astype(np.float32))
    assert ((prominence > 0.25) != loud).sum() <= 2 * np.diff(loud).sum()
