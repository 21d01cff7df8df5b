"""Languages by code or name: one table for settings, flags, files and recognisers."""

import pytest
from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE

from manifests.base.languages import find_language, language_family, language_name, language_tag


@pytest.mark.parametrize("given", ["auto", "Auto", "automatic", "detect", "自动"])
def test_detection_is_no_language_but_an_option_of_recognisers(given: str) -> None:
    with pytest.raises(ValueError, match="corpus transcribe --language auto"):
        find_language(given)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("zh", "zh"),
        ("Chinese", "zh"),
        ("中文", "zh"),
        ("chi", "zh"),
        ("mandarin", "zh"),
        ("Chinese (Simplified)", "zh"),
        ("zh_TW", "zh-TW"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("zh-yue", "yue"),
        ("cmn", "cmn"),
        ("wuu", "wuu"),
        ("四川话", "zh"),
        ("上海话", "wuu"),
        ("Sichuanhua", "zh"),
        ("Cantonese", "yue"),
        ("POL", "pl"),
        ("język polski", "pl"),
        ("Polish language", "pl"),
        ("pl_PL.UTF-8", "pl-PL"),
        ("日本語", "ja"),
        ("ＺＨ", "zh"),
        ("jw", "jv"),
        ("kr", "ko"),
        ("x-silesian", "x-silesian"),
        ("und", "und"),
    ],
)
def test_known_names_are_mapped(given: str, code: str) -> None:
    assert find_language(given).code == code


def test_all_of_whispers_codes_and_names_are_known() -> None:
    aliases = {"jw": "jv"}
    for code in LANGUAGES:
        assert language_tag(code) == aliases.get(code, code)
    for name, code in TO_LANGUAGE_CODE.items():
        assert language_tag(name) == aliases.get(code, code), name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("xx", r"no known language; did you mean \w\w \(\w+\)\?"),
        ("polnish", r"did you mean pl \(Polish\)\?"),
        ("Chineese", r"did you mean zh \(Chinese\)\?"),
        ("zh-a-b", r"did you mean"),
        ("", "empty; give a code such as zh, pl or yue"),
        ("Polish, German", "several languages; give the one that is spoken most"),
    ],
)
def test_others_are_refused_with_the_nearest(given: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find_language(given)


def test_a_dialect_is_taken_as_its_language_and_said() -> None:
    found = find_language("sichuan")
    assert found.dialect
    assert found.note == "'sichuan' is taken as zh (Chinese), of which it is a dialect"
    assert find_language("polski").note == "'polski' is taken as pl (Polish)"
    assert find_language("pl").note is None


def test_families_join_chinese_and_norwegian() -> None:
    assert {language_family(code) for code in ("zh-TW", "yue", "Shanghainese", "chs")} == {"zh"}
    assert language_family("nb") == language_family("no")
    assert language_family("qqq-X") == "qqq"
    assert language_name("zh-Hant") == "Chinese"
