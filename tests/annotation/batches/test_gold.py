import pytest

from annotation.batches.gold import gold_path, read_gold
from manifests.base.errors import DataError


@pytest.fixture
def written(tmp_path):
    def written(text):
        path = gold_path(tmp_path)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return written


def test_classes_by_clip(written, tmp_path):
    assert read_gold(tmp_path) == {}
    corpus = written("\ufeffclip_id, emotion\r\n剧-1,sad\r\n\r\n剧-2, fear \r\n")
    assert read_gold(corpus) == {"剧-1": "sad", "剧-2": "fear"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: the columns must be clip_id,emotion"),
        ("clip,class\na,sad\n", "line 1: the columns"),
        ("clip_id,emotion\na,sad\nb,unclear\n", "line 3: 'unclear' isn't one of the classes angry"),
        ("clip_id,emotion\na,sad\na,sad\n", "line 3: clip 'a' has a row already"),
        ("clip_id,emotion\na,sad,x\n", "line 2: expected a clip_id and its emotion"),
        ("clip_id,emotion\n,sad\n", "line 2: expected a clip_id and its emotion"),
        ('clip_id,emotion\n"a,sad\n', "not valid CSV"),
        (b"clip_id,emotion\n\xff,sad\n", "save it as UTF-8"),
    ],
)
def test_invalid_lines_are_named(written, text, sentence):
    with pytest.raises(DataError, match=sentence):
        read_gold(written(text))
