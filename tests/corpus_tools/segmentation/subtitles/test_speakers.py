import pytest

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.subtitles.read import subtitle_speaker
from manifests.storage.records import SubtitleLine


def line(start, end, speaker=None):
    return SubtitleLine(source_id="a", start=start, end=end, text="x", speaker=speaker)


@pytest.mark.parametrize(
    ("lines", "speaker"),
    [
        ([], None),
        ([line(0, 4)], None),
        ([line(0, 4, "王")], "王"),
        ([line(0, 2, "王"), line(2, 4, "李")], None),
        ([line(0, 3.8, "王"), line(3.8, 6, "李")], "王"),
        ([line(0, 3.6, "王"), line(3.6, 6, "李")], None),
        ([line(0, 3.3, "王"), line(3.3, 6)], "王"),
        ([line(0, 2, "王"), line(2, 4)], None),
    ],
)
def test_a_clip_has_a_speaker_only_if_its_lines_agree(lines, speaker):
    assert subtitle_speaker(Cut(0, 4000), lines, SegmentSettings()) == speaker
