import numpy as np

from corpus_tools.media.decode import decode_whole
from corpus_tools.segmentation.source import preview_clips


def test_preview_yields_cuts_with_their_samples(tmp_path, make_scene, make_media):
    film = make_media(tmp_path / "a.mkv", make_scene([(1.5, 0.8), (2, 0.4), (3, 1)]))
    whole = decode_whole(film)
    pieces = list(preview_clips(film))
    assert len(pieces) == 2
    for cut, samples in pieces:
        assert np.array_equal(samples, whole[cut.start_ms * 16 : cut.end_ms * 16])
