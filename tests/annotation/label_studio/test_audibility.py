import pytest

from annotation.label_studio.browser import Response
from annotation.label_studio.check import ExpectedClip, remote_playback_problem

CLIP = ExpectedClip("clips/s/a.wav", b"", 0)
GOOD = Response(
    206, {"content-type": "audio/wav", "access-control-allow-origin": "*"}, b"RIFF....WAVE"
)


@pytest.mark.parametrize(
    ("url", "server", "sentence"),
    [
        ("http://lab.example/s/a.wav", "https://ls.example", "serve the clips by https"),
        ("http://127.0.0.1:9000/s/a.wav", "http://ls.example", "each annotator's own machine"),
        ("http://127.0.0.1:9000/s/a.wav", "http://localhost:8090", None),
        ("https://lab.example/s/a.wav", "http://ls.example", None),
    ],
)
def test_addresses_that_only_the_lead_can_reach(url, server, sentence):
    said = remote_playback_problem(GOOD, CLIP, url, server)
    assert said is None if sentence is None else sentence in said
