import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus_tools.segmentation.voice.base
import corpus_tools.segmentation.voice.silero
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.decode import decode_whole
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.segmentation.segment import segment
from corpus_tools.segmentation.voice.base import detector_name, detector_of
from corpus_tools.segmentation.voice.silero import SileroVoice
from corpus_tools.segmentation.voice.webrtc import WebRtcVoice
from manifests.base.errors import ConfigurationError

SAMPLES = np.random.default_rng(0).integers(-9000, 9000, 400_000).astype(np.int16)


class LoudNetwork:
    """Network that detects loud windows as speech and checks its inputs."""

    def __init__(self):
        self.received = np.zeros(0, np.float32)

    def run(self, outputs, inputs):
        assert outputs == ["speech_probs", "hn", "cn"]
        assert inputs["input"].dtype == np.float32
        contexts, windows = inputs["input"][:, :64], inputs["input"][:, 64:]
        past = np.concatenate([np.zeros(64, np.float32), self.received])[-64:]
        assert inputs["h"].flat[0] == inputs["c"].flat[0] == len(self.received)
        self.received = np.concatenate([self.received, windows.reshape(-1)])
        assert np.array_equal(contexts, np.vstack([past, windows[:-1, -64:]]))
        state = np.full((1, 1, 128), len(self.received), np.float32)
        return [np.abs(windows).max(axis=1)[:, None], state, state]


def decisions(detector, samples, sizes):
    decided, at, turn = [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        decided.append(detector.feed(samples[at : at + size]))
        at, turn = at + size, turn + 1
    return np.concatenate([*decided, detector.finish()])


def detectors():
    return {"webrtc": WebRtcVoice(2), "silero": SileroVoice(0.5, LoudNetwork())}


@pytest.mark.parametrize("name", ["webrtc", "silero"])
@settings(deadline=None)  # 25 s of sound
@given(length=st.integers(0, 400_000), sizes=st.lists(st.integers(1, 200_000), min_size=1))
def test_one_decision_per_frame_for_any_blocks(name, length, sizes):
    samples = SAMPLES[:length]
    whole = decisions(detectors()[name], samples, [max(length, 1)])
    assert len(whole) >= length // 160
    assert np.array_equal(decisions(detectors()[name], samples, [*sizes, 9999]), whole)


def test_a_frame_gets_the_silero_window_that_its_middle_lies_in():
    samples = np.zeros(512 * 20, dtype=np.int16)
    samples[512 * 7 : 512 * 8] = 30_000
    decided = decisions(SileroVoice(0.5, LoudNetwork()), samples, [1000])
    assert np.flatnonzero(decided).tolist() == [22, 23, 24, 25]  # middles at 3600 to 4080
    assert len(decided) == len(samples) // 160


def test_silero_receives_every_sample_once_scaled_to_one():
    network = LoudNetwork()
    decisions(SileroVoice(0.5, network), SAMPLES, [7777])
    assert np.array_equal(network.received[: len(SAMPLES)], SAMPLES / np.float32(32768))
    assert not network.received[len(SAMPLES) :].any()


def test_the_settings_choose_the_detector_and_name_it():
    assert isinstance(detector_of(SegmentSettings()), WebRtcVoice)
    assert detector_name(SegmentSettings()).startswith("webrtcvad 2")


def test_an_added_detector_of_another_type_is_refused(monkeypatch):
    monkeypatch.setattr(corpus_tools.segmentation.voice.base, "load_detector", lambda name: object)
    with pytest.raises(ConfigurationError, match="voice detector 'webrtc' is no Detector"):
        detector_name(SegmentSettings())


def test_without_the_extra_a_run_stops_before_it_starts_and_names_the_command(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(corpus_tools.segmentation.voice.silero, "find_spec", lambda name: None)
    settings = SegmentSettings(detector="silero")
    with pytest.raises(ConfigurationError, match=r"pip install 'corpus-tools\[silero\]'"):
        segment(tmp_path, [tmp_path / "a.mp4"], settings=settings)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("silero_vad", "onnxruntime")),
    reason="the extra silero is not installed",
)
def test_real_network_detects_the_sample_s_voices_and_not_its_pauses():
    episodes = Path(__file__).parents[4] / "examples" / "episodes"
    samples = decode_whole(episodes / "teahouse" / "E01.mp4")[: 30 * SAMPLE_RATE]
    truth = np.zeros(3000, dtype=np.bool_)
    for row in map(json.loads, (episodes / "truth.jsonl").read_text("utf-8").splitlines()):
        if row["file"] == "teahouse/E01.mp4":
            truth[round(100 * row["start"]) : round(100 * row["end"])] = True
    settings = SegmentSettings(detector="silero")
    decided = decisions(detector_of(settings), samples, [16_000])[:3000]
    assert decided[truth].mean() > 0.7
    assert decided[~truth].mean() < 0.15
    assert detector_name(settings).startswith("silero-vad 6")
