import pytest

VTT = """WEBVTT

00:00:00.500 --> 00:00:02.000
<v 王>巴适得很

00:00:02.800 --> 00:00:04.800
<v 王>要得

00:00:05.200 --> 00:00:06.100
<v 李>莫得事
"""


@pytest.fixture(scope="session")
def films(tmp_path_factory, make_scene, make_media):
    """A folder with two films of one series, the first with subtitles."""
    folder = tmp_path_factory.mktemp("films") / "山城"
    folder.mkdir()
    talk = [(1.5, 0.8), (2.0, 0.4), (0.9, 1.5), (3.2, 2.0)]
    make_media(folder / "第1集.mp4", make_scene(talk, 48_000), 48_000, layout="stereo")
    (folder / "第1集.vtt").write_text(VTT, encoding="utf-8")
    make_media(folder / "E02.mp3", make_scene(talk[::-1], 44_100, seed=1), 44_100)
    return folder


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"
