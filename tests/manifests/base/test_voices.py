import pytest

from manifests.base.voices import (
    alike_warnings,
    is_diarised,
    is_local_label,
    is_nobody,
    is_role,
    one_spelling,
    person_key,
)

DIARISED = """SPEAKER_00 [SPEAKER_01] speaker_0 Speaker-2 Speaker_A spk_0 spk1 SPK12 Guest-1
Channel_0 说话人1 说话人01 發言人2 讲者A 話者1 スピーカー2 화자1 참석자2
Sprecher_1 Mówca_1 Спикер_1 Locuteur_2"""

ROLES = [
    "MAN", "man 2", "WOMAN #1", "Woman's voice", "OLD MAN", "MALE VOICE", "MAN ON TV", "ALL",
    "BOTH", "CROWD", "Narrator (V.O.)", "VOICE", "OFFICER", "NURSE 2", "Mann", "Kobieta", "Wszyscy",
    "Tous", "Hombre 1", "Голос", "Все", "男", "女", "男1", "男甲", "众人", "眾人", "旁白", "画外音",
    "畫外音", "旁白（女声）", "黑衣男子", "士兵乙", "宫女们", "女の子", "ナレーター", "全員",
    "남자", "여자 2", "모두",
]  # fmt: skip

PERSONS = [
    "Joey", "JOEY", "Li", "M01", "F01", "R12", "EB0", "Actor_03", "王大锤", "老王", "小明", "女王",
    "OFFICER SMITH", "MRS. WHITE", "Mr. Young", "Manny", "Allen", "Guy", "김민수", "田中", "Spike",
]  # fmt: skip


@pytest.mark.parametrize("name", DIARISED.split())
def test_labels_of_diarisation_are_those_of_one_recording(name: str) -> None:
    assert is_diarised(name)
    assert is_local_label(name.replace("_", " "))


@pytest.mark.parametrize(
    "name", ["S1", "S02", "P3", "A", "Q", "甲", "Interviewer", "主持人", "MOM"]
)
def test_short_labels_may_be_ids_of_a_corpus_but_not_in_subtitles(name: str) -> None:
    assert is_local_label(name)
    assert not is_diarised(name)


@pytest.mark.parametrize("name", ROLES)
def test_roles_are_recognised_in_many_languages(name: str) -> None:
    assert is_role(name)


@pytest.mark.parametrize("name", PERSONS)
def test_names_and_ids_are_persons(name: str) -> None:
    assert not any(test(name) for test in (is_role, is_local_label, is_diarised, is_nobody))


@pytest.mark.parametrize(
    "name",
    [
        "unknown",
        "Unknown_2",
        "UNK",
        "-",
        "-1",
        "?",
        "未知",
        "N/A",
        "",
        "UNKNOWN_SPEAKER",
        "-1.0",
        "-999",
        "N.N.",
        "<unk>",
        "#N/A",
        "(not known)",
        "nieznany",
        "佚名",
        "неизвестно",
        "غير معروف",
        "—",
    ],
)
def test_nobody_is_no_person(name: str) -> None:
    assert is_nobody(name)


def test_spellings_of_an_id_are_one_person() -> None:
    assert len({person_key(name) for name in ("M03", "m03", " Ｍ０３", "M 03")}) == 1


@pytest.mark.parametrize(
    ("names", "known", "said"),
    [
        (["M03", "M3"], [], "M03 and M3 count as different speakers"),
        (["m-03"], ["M3", "F01"], "M3 and m-03 count"),
        (["spk_1", "Ｓｐｋ－０１", "spk 01"], [], "spk 01, spk_1 and Ｓｐｋ－０１ count"),
        (["M03", "m03", "Ｍ０３", "M 03"], [], None),
        (["M03", "M30", "M1-1", "M11", "F03"], [], None),
        (["F01"], ["M03", "M3"], None),
    ],
)
def test_ids_that_are_nearly_equal_are_named(names, known, said) -> None:
    found = alike_warnings(names, known)
    assert len(found) == (said is not None)
    assert all(one.startswith(said) and "give the same id" in one for one in found)


def test_the_known_spelling_of_a_speaker_is_used() -> None:
    assert one_spelling(["m03", "Ｍ０３", "f2"], ["M03"]) == {
        "m03": "M03",
        "Ｍ０３": "M03",
        "f2": "f2",
    }
