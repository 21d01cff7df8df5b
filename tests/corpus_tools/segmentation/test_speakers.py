"""Speakers of films that were cut: ids like those of other speakers are named."""

import pytest

from corpus_tools.segmentation.segment import _speaker_warnings
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_clip


@pytest.mark.parametrize(
    ("known", "new", "said"),
    [
        ("JOEY", "Joey", "speakers written in several ways count as one: JOEY (also Joey)"),
        ("MRS.LI", "Mrs Li", "MRS.LI and Mrs Li count as different speakers"),
        ("Joey", "Joey", None),
        ("Joey", "Joy", None),
        (None, "Joey", None),
    ],
)
def test_a_speaker_like_one_of_another_film_is_named(tmp_path, known, new, said):
    for name, speaker in (("E01-0123456789ab", known), ("E02-0123456789ac", new)):
        write_shard(tmp_path, STAGES["segments"], name, [make_clip(name, speaker=speaker)], {})
    found = _speaker_warnings(tmp_path, {"E02-0123456789ac"}, "en")
    assert len(found) == (said is not None)
    assert all(one.startswith(said) for one in found)
