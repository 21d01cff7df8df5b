import pytest
from pydantic import ValidationError

from manifests.records import TextSource, Transcript
from manifests.settings import TextSettings
from manifests.shards import STAGES, write_shard
from manifests.texts import best_transcripts


@pytest.fixture
def corpus(tmp_path):
    def text(source: TextSource, model: str | None, said: str) -> Transcript:
        return Transcript(clip_id="c", text=said, text_raw=said, source=source, model=model)

    texts = [
        text("import", "li", "by hand"),
        text("whisper", "base", "base"),
        text("whisper", "large-v3", "large"),
        text("subtitle", None, ""),
    ]
    write_shard(tmp_path, STAGES["transcripts"], "s", texts, {})
    return tmp_path


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (TextSettings().order, "by hand"),
        (("subtitle", "whisper"), "base"),
        (("whisper:large-v3", "whisper"), "large"),
        (("whisper:tiny", "whisper:large-v3"), "large"),
        (("subtitle",), ""),
    ],
)
def test_the_first_in_the_order_that_says_anything_counts(corpus, order, said):
    assert best_transcripts(corpus, order)["c"].text == said


def test_texts_that_the_order_does_not_name_are_passed_over(corpus):
    assert best_transcripts(corpus, ("script", "whisper:tiny")) == {}


def test_an_order_names_sources_of_text():
    assert TextSettings(order=("import:li", "whisper:large-v3")).order[0] == "import:li"
    with pytest.raises(ValidationError, match="'whispers' is no text source; choose from whisper"):
        TextSettings(order=("whispers",))
    for order, said in (((), "one source"), (("import:",), "names no model")):
        with pytest.raises(ValidationError, match=said):
            TextSettings(order=order)
    with pytest.raises(ValidationError, match="'whisper' is listed twice"):
        TextSettings(order=("whisper", "script", "whisper"))
