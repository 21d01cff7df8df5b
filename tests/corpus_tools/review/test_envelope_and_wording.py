import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.review.envelope import Envelope
from corpus_tools.review.wording import label_of, measures_of, sentence_of
from manifests.records import Clip


@settings(deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_the_outline_does_not_depend_on_how_the_track_comes_in_blocks(lengths, seed):
    samples = np.random.default_rng(seed).integers(-32768, 32768, sum(lengths)).astype(np.int16)
    seconds = len(samples) / 16_000
    whole, parts = Envelope(seconds), Envelope(seconds)
    whole.add(0, samples)
    start = 0
    for length in lengths:
        parts.add(start, samples[start : start + length])
        start += length
    assert (whole.values == parts.values).all()


def clip(**measures):
    row = {
        "clip_id": "E-00000000-00003000", "source_id": "E", "path": "clips/E/x.wav", "start": 0,
        "end": 3, "duration": 3, "sha256": "0", "file_sha256": "0", "rms_db": -30, "peak_db": -3,
        "speech_ratio": 0.5,
    }  # fmt: skip
    return Clip(**{**row, **measures})


def test_reasons_name_the_figure_and_the_one_wanted():
    noisy = clip(snr_db=5.21)
    assert sentence_of("low_snr", noisy, {"min_snr_db": 8.0}) == (
        "noisy: speech 5.2 dB over the background, 8 dB wanted"
    )
    assert sentence_of("low_snr", noisy, {}) == "noisy"
    assert sentence_of("low_snr", clip(), {"min_snr_db": 8.0}) == "noisy"
    assert sentence_of("future_reason", noisy, {}) == "future reason"


def test_every_reason_of_the_screen_has_a_sentence_with_a_figure():
    from corpus_tools.review.wording import _SENTENCES
    from corpus_tools.segmentation.screening import REASONS

    assert set(REASONS) <= set(_SENTENCES)


def test_measures_that_are_missing_are_left_out():
    names = [name for name, _ in measures_of(clip(snr_db=20.0))]
    assert "background" in " ".join(names)
    assert "music" not in names
    assert label_of("speech_left_over") == "speech in no clip"
