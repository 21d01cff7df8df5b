import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.registries.measures import screening_measures
from corpus_tools.review.contents import Envelope, measure_texts, reason_label, reason_sentence
from tests.factories import make_clip


@settings(deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_envelope_does_not_depend_on_the_blocks(lengths, seed):
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
    return make_clip("E", 0, 3, **{"rms_db": -30.0, "speech_ratio": 0.5, **measures})


def test_reasons_give_the_value_and_the_threshold():
    noisy = clip(snr_db=5.21)
    assert reason_sentence("low_snr", noisy, {"min_snr_db": 8.0}) == (
        "noisy: speech 5.2 dB above background, at least 8 dB"
    )
    assert reason_sentence("low_snr", noisy, {}) == "noisy"
    assert reason_sentence("low_snr", clip(), {"min_snr_db": 8.0}) == "noisy"
    assert reason_sentence("future_reason", noisy, {}) == "future reason"


def test_every_reason_of_a_measure_has_a_sentence():
    measured = clip(snr_db=5.21, music=0.7, dropouts=2)
    for _, threshold in screening_measures():
        rules = {threshold.key: threshold.default}
        assert "at " in reason_sentence(threshold.reason, measured, rules)


def test_missing_measures_are_omitted():
    names = [name for name, _ in measure_texts(clip(snr_db=20.0))]
    assert "background" in " ".join(names)
    assert "music" not in names
    assert reason_label("speech_left_over") == "speech outside clips"
