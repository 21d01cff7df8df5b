"""Choice of the audio track where none is named."""

import av
import numpy as np
import pytest
from av.stream import Disposition

from corpus_tools.media.probe import AudioTrack, probe
from corpus_tools.media.tracks import choose_track, describe_tracks

DEFAULT = True


def track(index, language=None, title="", roles=(), default=False):
    return AudioTrack(index, "aac", 48_000, 2, 1.0, default, language, title, frozenset(roles))


@pytest.mark.parametrize(
    ("language", "tracks", "chosen"),
    [
        ("pl", [("jpn", "", (), DEFAULT), ("pol",)], 1),
        ("en", [("eng", "", ("comment",), DEFAULT), ("eng",)], 1),
        ("en", [("eng", "Director's commentary", (), DEFAULT), ("eng", "5.1")], 1),
        ("en", [("eng", "Audio Description", (), DEFAULT), ("eng",)], 1),
        ("de", [("ger", "Hörfilm", (), DEFAULT), ("deu", "Deutsch DTS-HD MA 5.1")], 1),
        ("zh", [("chi", "导演解说", (), DEFAULT), ("chi", "国语")], 1),
        ("zh", [("zho", "", ("visual_impaired",), DEFAULT), ("zho",)], 1),
        ("pl", [("eng", "", (), DEFAULT), ("eng", "Commentary"), ("pol", "AD")], 2),
        ("en", [(None, "", (), DEFAULT), ("eng", "Commentary")], 0),
        ("zh", [("eng", "", (), DEFAULT), ("cmn",)], 1),
        ("zh", [("eng", "", (), DEFAULT), ("Chinese",)], 1),
        ("zh", [("eng", "", (), DEFAULT), ("zh-Hans",)], 1),
        ("zh", [("eng", "", (), DEFAULT), (None, "普通话")], 1),
        ("zh", [("eng", "", (), DEFAULT), (None, "川话 5.1")], 1),
        ("zh", [("jpn", "日语原声", (), DEFAULT), (None, "中文配音")], 1),
        ("zh", [("chi", "粤语", (), DEFAULT), ("chi", "国语")], 1),
        ("yue", [("chi", "国语", (), DEFAULT), ("chi", "粤语")], 1),
        ("pl", [(None, "ENG 5.1 AC3", (), DEFAULT), (None, "Polski Lektor 2.0")], 1),
        ("pl", [("pol", "Lektor", (), DEFAULT), ("pol", "Oryginalny")], 1),
        ("fr", [("eng", "", (), DEFAULT), ("eng,fre",)], 1),
        ("zh", [("eng",), ("jpn", "", (), DEFAULT)], 1),
        ("zh", [("eng", "HE-AAC"), ("jpn", "", (), DEFAULT)], 1),
        (None, [("eng", "Isolated score", (), DEFAULT), ("eng",)], 1),
        (None, [("eng",), ("fra", "", (), DEFAULT)], 1),
        (None, [("eng",), ("fra",)], 0),
    ],
)
def test_language_comes_first_then_purpose_then_default(language, tracks, chosen):
    own = [track(index, *values) for index, values in enumerate(tracks)]
    assert choose_track(own, language).index == chosen


@pytest.mark.parametrize(
    ("language", "chosen", "reason"),
    [
        ("pl", 1, "which is in Polish"),
        ("ja", 0, "which is in Japanese"),
        ("fi", 0, "though none is in Finnish"),
        (None, 0, "the one marked as default"),
    ],
)
def test_the_choice_is_described_with_all_tracks(language, chosen, reason):
    own = [
        track(0, "jpn", default=True),
        track(1, "pol", "Lektor"),
        track(2, "eng", roles=["comment", "visual_impaired"]),
    ]
    listed = "0 jpn (default); 1 pol “Lektor”; 2 eng (comment, visual impaired)"
    assert describe_tracks(own, choose_track(own, language), language) == (
        f"of its 3 audio tracks ({listed}) number {chosen} was used, {reason}"
    )


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_tags_titles_and_dispositions_are_read(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as out:
        for language, title, disposition in (
            ("jpn", "Main", Disposition.default),
            ("pol", "Lektor", Disposition.comment | Disposition.hearing_impaired),
        ):
            stream = out.add_stream("aac", rate=16_000)
            stream.codec_context.layout = "mono"
            stream.metadata.update(language=language, title=title)
            stream.disposition = disposition
        for stream in out.streams.audio:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), "fltp", "mono")
            frame.sample_rate = 16_000
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    one, two = probe(path).tracks
    assert (one.language, one.title, one.default) == ("jpn", "Main", True)
    assert (two.language, two.title, two.default) == ("pol", "Lektor", False)
    assert {"comment", "hearing_impaired"} & two.roles
