import struct

import pytest
import yaml

from manifests.base.markdown import escape
from manifests.storage.sections import SplitSettings


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


def test_head_is_valid_for_hugging_face(card):
    text = card(corpus={"name": 'a: "b"', "language": "zh", "licence": "CC-BY-4.0"})
    assert text.startswith(
        '---\npretty_name: "a: \\"b\\""\nlanguage:\n- "zh"\nlicense: cc-by-4.0\n'
    )
    assert "size_categories:\n- n<1K\n" in text


def test_missing_parts_are_marked_until_filled_in(card, filled):
    text = card(card={"consent": "all gave it in writing"})
    assert "all gave it in writing" in text
    assert "license: unknown" in text
    assert text.count("TO FILL IN") == 6
    assert "`[corpus] licence` in corpus.toml" in text


def test_user_text_is_escaped(card, filled):
    for source_id, source in filled.sources.items():
        filled.sources[source_id] = source.changed(series="<b>a|b</b>\n# c")
    text = card(corpus={"name": "x\n---\n<script>"}, card={"description": "[a](javascript:b)"})
    assert "<b>" not in text
    assert "<script>" not in text
    assert "&lt;b&gt;a\\|b&lt;/b&gt; \\# c" in text
    assert "\\[a\\](javascript:b)" in text
    assert text.startswith('---\npretty_name: "x\\n---\\n\\u003cscript>"\n')
    assert text.index("\n---\n") == text.index("\n---\n\n# x --- &lt;script&gt;")


def test_pictures_are_drawn_and_the_same_each_time(filled, drawn):
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


AGREEMENT = {
    "clips": 60,
    "annotators": 3,
    "alpha": 0.61234,
    "low": 0.55,
    "high": 0.67,
    "level": 0.95,
    "resamples": 1000,
    "undefined": None,
    "observed": 0.7,
    "fleiss": None,
    "classes": {"angry": 0.5, "fear": None},
}
SCREENING = {
    "cut": 90,
    "accepted": 60,
    "reasons": {"music": 10, "too_quiet": 25},
    "thresholds": {"max_music": {"0.5": 3}, "min_rms_db": {"-50": 1, "-40": 2}},
}


@pytest.fixture
def card_with(filled):
    def build(**facts):
        filled.build(facts=facts)
        return (filled.root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")

    return build


def test_agreement_is_shown_with_its_interval(card_with):
    text = card_with(agreement=AGREEMENT)
    assert "Agreement of 3 annotators on the 60 clips" in text
    assert "| 0.612 | 0.550 to 0.670 (95 %, bootstrap over clips, 1000 samples) |" in text
    assert "| … where one is angry | 0.500 |" in text
    assert "where one is fear" not in text


def test_undefined_agreement_is_reported(card_with):
    undefined = {"alpha": None, "low": None, "high": None, "undefined": "no clip has two votes"}
    assert "is not known: no clip has two votes." in card_with(agreement=AGREEMENT | undefined)


def test_missing_measures_are_reported(card):
    text = card()
    assert "Agreement of the annotators was not measured" in text
    assert "Screening decisions are not known" in text


def test_thresholds_rejections_and_models_are_shown(card_with):
    text = card_with(screening=SCREENING, texts={"subtitle": ["li <b>", "wang"]})
    assert "Cut or recorded: 90 clips; accepted for labelling: 60." in text
    assert text.index("| too\\_quiet | 25 |") < text.index("| music | 10 |")
    assert "| min\\_rms\\_db | at least -50 (1 source); at least -40 (2 sources) |" in text
    assert "| subtitle | li &lt;b&gt;, wang | 60 |" in text


def test_other_facts_make_no_new_version(filled):
    filled.build(facts={"screening": SCREENING})
    assert not filled.build(facts={"agreement": AGREEMENT}).details["manifest"]["new"]


@pytest.mark.parametrize(
    ("said", "license_", "named"),
    [
        ({"name": "甲: [x]", "language": "zh", "licence": "CC-BY-4.0"}, "cc-by-4.0", None),
        ({"name": "- a #b", "language": "pl"}, "unknown", None),
        ({"licence": "ask: 'us'\nfirst"}, "other", "ask: 'us'\nfirst"),
        ({"name": "a\u0085b\u2028c\x7f"}, "unknown", None),
    ],
)
def test_head_is_yaml_of_known_keys(card, said, license_, named):
    head = yaml.safe_load(card(corpus=said).split("---\n")[1])
    assert head["pretty_name"] == said.get("name", "corpus")
    assert head["language"] == [said.get("language", "und")]
    assert head["license"] == license_
    assert head.get("license_name") == named
    assert head["size_categories"] == ["n<1K"]
    assert head["task_categories"] == ["audio-classification"]


def test_card_shows_folds_instead_of_ratios(filled):
    filled.build(SplitSettings(folds="5"))
    text = (filled.root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")
    assert (
        "folds: 5, of equal size; train / val / test of the first: 60.0 % / 20.0 % / 20.0 %" in text
    )
    assert "requested" not in text


def test_shared_texts_with_commas_stay_apart_and_a_whole_list_names_no_file(filled):
    for number, clip in enumerate(filled.clips):
        filled.texts[clip.clip_id] = (
            ("喂，你好，在不在屋头，我们要过来", "慢慢走, 不急嘛, 路上滑得很, 看到起")[number % 2],
            "subtitle",
        )
    filled.build()
    text = (filled.root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")
    shared = next(line for line in text.splitlines() if line.startswith("Shared texts: "))
    assert sorted(shared.removeprefix("Shared texts: ").split("; ")) == [
        "喂，你好，在不在屋头，我们要过来",
        "慢慢走, 不急嘛, 路上滑得很, 看到起",
    ]
