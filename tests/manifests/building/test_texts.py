import pytest
from pydantic import ValidationError

from manifests.building.selection import best_transcripts
from manifests.storage.records import TextSource, Transcript
from manifests.storage.sections import TextSettings
from manifests.storage.shards import STAGES, write_shard


@pytest.fixture
def corpus(tmp_path):
    def text(source: TextSource, model: str | None, expected: str) -> Transcript:
        return Transcript(clip_id="c", text=expected, text_raw=expected, source=source, model=model)

    texts = [
        text("import", "li", "by hand"),
        text("whisper", "base", "base"),
        text("whisper", "large-v3", "large"),
        text("subtitle", None, ""),
    ]
    write_shard(tmp_path, STAGES["transcripts"], "s", texts, {})
    return tmp_path


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (TextSettings().order, "by hand"),
        (("subtitle", "whisper"), "base"),
        (("whisper:large-v3", "whisper"), "large"),
        (("whisper:tiny", "whisper:large-v3"), "large"),
        (("subtitle",), ""),
    ],
)
def test_the_first_nonempty_text_in_the_order_is_chosen(corpus, order, expected):
    assert best_transcripts(corpus, order)["c"].text == expected


def test_texts_missing_from_the_order_are_ignored(corpus):
    assert best_transcripts(corpus, ("script", "whisper:tiny")) == {}


def test_an_order_must_name_text_sources():
    assert TextSettings(order=("import:li", "whisper:large-v3")).order[0] == "import:li"
    with pytest.raises(ValidationError, match="'whispers' is no text source; choose from whisper"):
        TextSettings(order=("whispers",))
    for order, expected in (((), "one text source"), (("import:",), "names no model")):
        with pytest.raises(ValidationError, match=expected):
            TextSettings(order=order)
    with pytest.raises(ValidationError, match="'whisper' is listed twice"):
        TextSettings(order=("whisper", "script", "whisper"))
