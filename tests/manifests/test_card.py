import struct

import pytest

from manifests.markdown import escape


@pytest.fixture
def card(filled):
    def build(**params):
        filled.params = params
        filled.build()
        return (filled.root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")

    return build


def test_numbers_come_from_the_data(card):
    text = card(labels={"min_votes": 2, "drop_problems": ["music"]})
    assert "| angry | 8 | 1 | 1 | 10 | 16.7 % |" in text
    assert "| **all** | 48 | 6 | 6 | 60 | 100 % |" in text
    assert "| all | 60 | 0:04:00 | 4.00 s | 4.00–4.00 s | 10 | 0 | 0 | 0 | 0 |" in text
    assert "- annotators: 3\n" in text
    assert "- min\\_votes: 2\n" in text
    assert "reached 80.0 % / 10.0 % / 10.0 %" in text


def test_head_is_what_hugging_face_reads(card):
    text = card(corpus={"name": 'a: "b"', "language": "zh", "licence": "CC-BY-4.0"})
    assert text.startswith(
        '---\npretty_name: "a: \\"b\\""\nlanguage:\n- "zh"\nlicense: cc-by-4.0\n'
    )
    assert "size_categories:\n- n<1K\n" in text


def test_what_the_user_must_fill_in_is_marked_until_it_is_there(card, filled):
    text = card(card={"consent": "all gave it in writing"})
    assert "all gave it in writing" in text
    assert "license: unknown" in text
    assert text.count("TO FILL IN") == 6
    assert "`[corpus] licence` in corpus.toml" in text


def test_what_users_write_stays_text(card, filled):
    for source_id, source in filled.sources.items():
        filled.sources[source_id] = source.model_copy(update={"series": "<b>a|b</b>\n# c"})
    text = card(corpus={"name": "x\n---\n<script>"}, card={"description": "[a](javascript:b)"})
    assert "<b>" not in text
    assert "<script>" not in text
    assert "&lt;b&gt;a\\|b&lt;/b&gt; \\# c" in text
    assert "\\[a\\](javascript:b)" in text
    assert text.startswith('---\npretty_name: "x\\n---\\n\\u003cscript>"\n')
    assert text.index("\n---\n") == text.index("\n---\n\n# x --- &lt;script&gt;")


def test_pictures_are_drawn_and_the_same_each_time(filled, monkeypatch):
    filled.build()
    folder = filled.root / "manifests" / "v1"
    first = {name: (folder / name).read_bytes() for name in ("classes.png", "splits.png")}
    folder.rename(filled.root / "elsewhere")
    filled.build()
    for name, data in first.items():
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (1080, 630)
        assert (folder / name).read_bytes() == data
        assert b"Software" not in data


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("1. one", "1\\. one"),
        ("- one", "\\- one"),
        ("a\u202eb\x07c", "a b c"),
        ("a & b", "a &amp; b"),
        ("四川话", "四川话"),
    ],
)
def test_escape(text, safe):
    assert escape(text) == safe
