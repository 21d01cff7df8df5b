import base64
import io
import json
import re
from html.parser import HTMLParser

import av
import numpy as np
import pytest

from corpus_tools.review.html import script_json
from corpus_tools.review.pages import INDEX, review
from manifests.base.errors import DataError

HOSTILE = "</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Parsed page: elements, and the text of each script by its id."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.scripts, self.headings = [("", {})], {}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.elements.append(("", {}))

    def handle_data(self, data):
        tag, attributes = self.elements[-1]
        if tag == "script":
            name = attributes.get("id")
            self.scripts[name] = self.scripts.get(name, "") + data
        if tag == "h1" and data.strip():
            self.headings.append(data)

    @property
    def data(self):
        return json.loads(self.scripts["data"])

    @property
    def policy(self):
        return next(
            attributes["content"] for tag, attributes in self.elements
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )  # fmt: skip

    @property
    def sound(self):
        with av.open(io.BytesIO(base64.b64decode(self.scripts["sound"]))) as container:
            frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        return np.concatenate(frames, axis=1)[0]


@pytest.fixture
def made(corpus, film, source):
    outcome = review(corpus, [film])
    assert outcome.ok, outcome.failures
    return outcome, Page(corpus / "review" / f"{source.source_id}.html")


def test_page_contains_clips_texts_and_the_whole_audio(made, source, clips):
    outcome, page = made
    assert (outcome.items_in, outcome.kept, outcome.warnings) == (1, 1, [])
    assert page.headings == ["第1集 <b>&'茶"]
    data = page.data
    assert [clip["id"] for clip in data["clips"]] == [clip.clip_id for clip in clips]
    assert data["clips"][0]["subtitles"] == [f"{HOSTILE} 巴适"]
    assert data["speech"]
    assert data["limits"] == [3.0, 5.0]
    assert len(page.sound) / 16_000 == pytest.approx(source.duration, abs=0.05)
    envelope = base64.b64decode(page.scripts["envelope"])
    assert len(envelope) / 100 == pytest.approx(source.duration, abs=0.01)


def test_audio_is_aligned_with_the_film(made, corpus, clips):
    from corpus_tools.media.wav import read_wav

    sound, clip = made[1].sound, clips[1]
    expected = read_wav(corpus / clip.path).astype(np.float64)
    start = round(clip.start * 16_000)
    played = sound[start : start + len(expected)].astype(np.float64)
    played = played * 32768 if np.abs(played).max() <= 1.5 else played
    assert np.corrcoef(expected, played)[0, 1] > 0.95


def test_corpus_texts_are_no_markup_and_nothing_is_loaded(made, corpus):
    page = made[1]
    assert "img" not in {tag for tag, _ in page.elements}
    assert not any(
        name.startswith("on") or name in ("src", "style")
        for _, attributes in page.elements
        for name in attributes
    )
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in page.policy
    text = "".join(path.read_text(encoding="utf-8") for path in (corpus / "review").iterdir())
    assert not re.search(r"https?://", text)
    assert "innerHTML" not in page.scripts[None]


def test_policy_has_the_hash_of_the_script(made):
    import hashlib

    page = made[1]
    script = base64.b64encode(hashlib.sha256(page.scripts[None].encode()).digest()).decode()
    assert f"script-src 'sha256-{script}'" in page.policy


def test_rejected_clip_has_a_reason_in_words(corpus, film, source):
    from corpus_tools.configuration.segment import ScreenSettings
    from corpus_tools.segmentation.rescreen import screen_corpus
    from corpus_tools.segmentation.screening.rules import drama_rules

    screen_corpus(corpus, {"drama": drama_rules(ScreenSettings(min_rms_db=-1.0))})
    assert review(corpus, [film]).ok
    clip = Page(corpus / "review" / f"{source.source_id}.html").data["clips"][0]
    assert not clip["accepted"]
    assert re.fullmatch(r"too quiet: -\d+ dBFS, at least -1", clip["why"][0])


def test_without_the_film_the_page_plays_the_clips_only(corpus, source, clips):
    outcome = review(corpus)
    assert outcome.ok
    assert "plays the clips only" in outcome.warnings[0]
    page = Page(corpus / "review" / f"{source.source_id}.html")
    data = page.data
    assert not data["whole"]
    assert data["speech"] == []
    assert [piece[:2] for piece in data["pieces"]] == [[clip.start, clip.end] for clip in clips]
    seconds = sum(clip.duration + 0.2 for clip in clips)
    assert len(page.sound) / 16_000 == pytest.approx(seconds, abs=0.05)


def test_without_the_film_a_page_keeps_the_previous_audio(made, corpus, source, clips):
    from corpus_tools.segmentation.intake.selections import put_reviews
    from manifests.storage.records import Choice

    path = corpus / "review" / f"{source.source_id}.html"
    before = path.read_bytes()
    outcome = review(corpus)
    assert outcome.ok
    assert path.read_bytes() == before
    (warning,) = outcome.warnings
    assert source.media_path in warning
    assert "kept the audio of the previous page" in warning
    (report,) = outcome.details["pages"]
    assert (report["film"], report["renewed"]) == (True, False)
    clip = clips[0]
    edges = {"start": clip.start, "end": clip.end}
    put_reviews(
        corpus,
        source.source_id,
        [
            Choice(
                source_id=source.source_id,
                **edges,
                decision="drop",
                origin="review",
                clip_id=clip.clip_id,
            )
        ],
    )
    assert screened(corpus)
    review(corpus)
    page = Page(path)
    shown = page.data["clips"]
    assert shown[0]["reasons"] == ["human_drop"]
    assert (shown[0]["stored"], shown[0]["planned"]) == ("drop", clip.clip_id)
    assert shown[0]["ruled"] is made[1].data["clips"][0]["accepted"]
    assert "stored" not in shown[1]
    assert page.data["speech"] == made[1].data["speech"]
    assert page.scripts["sound"] == made[1].scripts["sound"]


def screened(corpus):
    from corpus_tools.configuration.segment import ScreenSettings
    from corpus_tools.segmentation.rescreen import screen_corpus
    from corpus_tools.segmentation.screening.rules import drama_rules

    return screen_corpus(corpus, {"drama": drama_rules(ScreenSettings())}).ok


@pytest.mark.parametrize("damage", ["</html>", "", 'id="data">{}</script>'])
def test_damaged_previous_page_is_replaced(made, corpus, source, damage):
    path = corpus / "review" / f"{source.source_id}.html"
    path.write_text(damage)
    assert "plays the clips only" in review(corpus).warnings[0]
    assert Page(path).data["whole"] is False


def test_film_in_the_corpus_folder_is_found(tmp_path, film, corpus, source):
    from manifests.storage.shards import STAGES, read_header, write_shard

    (corpus / "films").mkdir()
    inner = corpus / "films" / film.name
    inner.write_bytes(film.read_bytes())
    moved = source.changed(media_path=f"films/{film.name}")
    path = STAGES["sources"].path(corpus, source.source_id)
    write_shard(corpus, STAGES["sources"], source.source_id, [moved], read_header(path).inputs)
    assert review(corpus).warnings == []
    (corpus / "review" / f"{source.source_id}.html").unlink()
    inner.write_bytes(b"another film")
    assert "plays the clips only" in review(corpus).warnings[0]


def test_unknown_media_and_sources_fail_and_the_rest_is_done(
    corpus, film, source, tmp_path, make_scene, make_media
):
    other = make_media(tmp_path / "other.wav", make_scene([(1, 1)]))
    outcome = review(corpus, [film, other, tmp_path / "none.mp4"])
    assert [failure.reason for failure in outcome.failures] == [
        "is not in the corpus; cut it first: corpus segment",
        "no such file; check the path",
    ]
    assert (outcome.items_in, outcome.kept, outcome.failed) == (3, 1, 2)
    outcome = review(corpus, sources=["nobody"])
    assert (outcome.items_in, outcome.failed) == (1, 1)
    reason = outcome.failures[0].reason
    assert reason.startswith("is not a source of this corpus; similar: 山城往事/第1集")


def test_source_is_found_by_id_title_or_series_and_title(corpus, source):
    names = [source.source_id, source.title, f"{source.series}/{source.title}"]
    outcome = review(corpus, sources=names)
    assert (outcome.items_in, outcome.kept, outcome.failures) == (1, 1, [])


def test_index_lists_the_existing_pages(corpus, film, source, tmp_path):
    review(corpus, [film], output=tmp_path / "pages")
    index = Page(tmp_path / "pages" / INDEX)
    links = [attributes["href"] for tag, attributes in index.elements if tag == "a"]
    assert len(links) == 1
    assert links[0].isascii()
    assert links[0].endswith(f"{source.source_id[-12:]}.html")
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == sorted(
        [INDEX, f"{source.source_id}.html"]
    )


def test_pages_are_reproducible(corpus, film, source, tmp_path):
    name = f"{source.source_id}.html"
    pages = []
    for folder in ("a", "b"):
        review(corpus, [film], output=tmp_path / folder)
        pages.append((tmp_path / folder / name).read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize("text", [HOSTILE, "<!--", "]]>", "a\u2028b", "\ud800", "巴适 & \\u003c"])
def test_script_json_is_safe_and_lossless(text):
    written = script_json({"text": text})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"text": text}


@pytest.mark.parametrize("name", ["review", "mine/pages"])
def test_no_page_is_written_through_a_link(corpus, source, tmp_path_factory, name):
    outside = tmp_path_factory.mktemp("outside")
    (corpus / "corpus.toml").touch()
    (corpus / name.partition("/")[0]).symlink_to(outside)
    with pytest.raises(DataError, match="is a link or a special file that leads out of the corpus"):
        review(corpus, output=corpus / name)
    assert not list(outside.iterdir())
