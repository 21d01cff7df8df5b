import numpy as np
import pytest

from manifests.base.errors import DataError
from models.features.normalise import Normaliser


@pytest.fixture
def clips():
    generator = np.random.default_rng(0)
    return [generator.normal(3 * (n % 2), 1 + n % 2, (40 + n, 5)).astype("f4") for n in range(20)]


def test_each_speaker_has_mean_0_and_deviation_1(clips):
    groups = ["a" if n % 2 else "b" for n in range(len(clips))]
    done = Normaliser.fit(clips, prior=0.0).apply(clips, groups)
    for group in "ab":
        frames = np.concatenate(
            [frames for frames, own in zip(done, groups, strict=True) if own == group]
        )
        np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(frames.std(axis=0), 1, atol=1e-4)


def test_large_prior_normalises_by_the_corpus(clips):
    plain = Normaliser.fit(clips, prior=float("inf"))
    expected = (clips[0] - plain.mean) / np.sqrt(plain.variance)
    np.testing.assert_allclose(plain.apply(clips, ["a"] * 20)[0], expected, atol=1e-4)
    careful = Normaliser.fit(clips, prior=1e6)
    np.testing.assert_allclose(careful.apply(clips[:1], ["unseen"])[0], expected, atol=1e-3)


def test_unknown_speakers_are_normalised_separately(clips):
    normaliser = Normaliser.fit(clips, prior=1.0)
    alone = normaliser.apply(clips[:1], [""])
    together = normaliser.apply(clips, [""] * 20)
    np.testing.assert_array_equal(alone[0], together[0])


def test_json_round_trip(clips):
    normaliser = Normaliser.fit(clips, prior=2.0)
    again = Normaliser.parse(normaliser.document(), 5)
    np.testing.assert_array_equal(
        again.apply(clips, ["a"] * 20)[3], normaliser.apply(clips, ["a"] * 20)[3]
    )


@pytest.mark.parametrize(
    "change",
    [
        {"mean": [1.0]},
        {"variance": [-1.0] * 5},
        {"frames": "x"},
        {"prior": -1},
        {"mean": None},
        {"mean": [1e30] * 5},
        {"mean": [float("nan")] * 5},
        {"mean": [10**400] * 5},
        {"frames": 10**400},
        {"frames": 0},
    ],
)
def test_damaged_json_is_refused(clips, change):
    document = Normaliser.fit(clips, prior=2.0).document()
    with pytest.raises(DataError, match="normalisation"):
        Normaliser.parse(document | change, 5)
