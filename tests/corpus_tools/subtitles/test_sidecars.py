"""Names of subtitle files beside films: which is read, and what is said of the others."""

import unicodedata
from pathlib import Path

import pytest

from corpus_tools.segmentation.subtitles.read import read_lines
from corpus_tools.subtitles.sidecars import choose_sidecar

LINES = "1\n00:00:01,000 --> 00:00:02,000\nDzień dobry\n"


def make(folder: Path, *names: str, content: str = LINES) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def read(folder: Path, film: str, language: str = "pl") -> str | None:
    chosen = choose_sidecar(folder / film, language).path
    return None if chosen is None else chosen.relative_to(folder).as_posix()


def said(folder: Path, film: str, language: str = "pl") -> list[str]:
    media = folder / film
    return [
        note.removeprefix(f"{folder}/")
        for note in choose_sidecar(media, language).notes(media, language)
    ]


ENDINGS = """
    .pl .PL .pl.sdh .pl.forced .pl.default .pl-PL .pl_PL .polish .Polski _pl .pol [pl] (pol)
    .NF.pl .WEB.1080p.Polish .pl.GrupaHatak .pl[cc] .PL.SUBBED
    .pol.hi .pl.cc -pl .default .sdh .pl.auto .track3_[pol] .2_Polish .mkv .pl-orig
"""
CHINESE = """
    .zh-Hans .zh-CN .zh_TW .cht .sc .tc .chs&eng .chseng .zh.en .简体 .简英 .中英双语 _简体中文
    .简体&英文 .简英特效 .chi .GB .Chinese.Simplified .zh-Hans-en .粤语
"""


@pytest.mark.parametrize("ending", [*ENDINGS.split(), " pl", " - Polish", ".Polish (SDH)"])
def test_usual_endings_are_read_alone_and_nothing_is_said(tmp_path: Path, ending: str) -> None:
    make(tmp_path, "E01.mkv", f"E01{ending}.srt")
    assert read(tmp_path, "E01.mkv") == f"E01{ending}.srt"
    if "forced" not in ending:
        assert not said(tmp_path, "E01.mkv")


@pytest.mark.parametrize("ending", CHINESE.split())
def test_usual_endings_of_chinese_files_are_read(tmp_path: Path, ending: str) -> None:
    make(tmp_path, "E01.mkv", f"E01{ending}.ass", "E01.eng.ass")
    assert read(tmp_path, "E01.mkv", "zh") == f"E01{ending}.ass"
    assert said(tmp_path, "E01.mkv", "zh") == [
        f"E01.mkv: read E01{ending}.ass; not used: E01.eng.ass (marked eng)"
    ]


@pytest.mark.parametrize(
    ("ending", "word"),
    [
        (".trailer.pl", "trailer"),
        (".cd1.pl", "cd1"),
        (" part 2 pl", "part"),
        (".S01E02.pl", "S01E02"),
    ],
)
def test_files_of_parts_and_other_films_are_not_read(
    tmp_path: Path, ending: str, word: str
) -> None:
    make(tmp_path, "E01.mkv", f"E01{ending}.srt")
    assert read(tmp_path, "E01.mkv") is None
    assert (
        f"not used: E01{ending}.srt ('{word}' is no known language)" in said(tmp_path, "E01.mkv")[0]
    )


def test_cjk_stems_need_no_sign_before_the_language(tmp_path: Path) -> None:
    make(tmp_path, "第01集.mp4", "第01集简体.srt", "第01集上.srt")
    assert read(tmp_path, "第01集.mp4", "zh") == "第01集简体.srt"
    assert said(tmp_path, "第01集.mp4", "zh") == [
        "第01集.mp4: read 第01集简体.srt; not used: 第01集上.srt ('上' is no known language)"
    ]


def test_the_order_is_own_language_one_language_not_for_the_deaf_forced_last(
    tmp_path: Path,
) -> None:
    order = ["E01.pl.srt", "E01.pl.sdh.srt", "E01.pl&en.srt", "E01.en.srt", "E01.pl.forced.srt"]
    make(tmp_path, "E01.mkv", *order)
    for name in order:
        assert read(tmp_path, "E01.mkv") == name
        (tmp_path / name).unlink()


def test_every_file_that_was_not_used_is_named_with_the_reason(tmp_path: Path) -> None:
    make(tmp_path, "E01.mkv", "E01.pl.srt", "E01.pl.forced.srt", "E01.de.srt", "E01.Group.srt")
    make(tmp_path, "E01.sup", "E01.pol.idx", "E01.pol.sub", "E01.smi", "e01.pl.ass")
    make(tmp_path, "E01.txt", content="{100}{150}Dzień dobry\n")
    make(tmp_path, "E01.nfo", "E01.notes.txt", content="a film\n")
    assert said(tmp_path, "E01.mkv") == [
        "E01.mkv: read E01.pl.srt; not used: E01.Group.srt ('Group' is no known language), "
        "E01.de.srt (marked de), E01.pl.forced.srt (forced lines only), E01.pol.idx (holds images; "
        "give their text as .srt), E01.pol.sub (holds images; give their text as .srt), E01.smi "
        "(has a format that isn't read; convert it to .srt), E01.sup (holds images; give their "
        "text as .srt), E01.txt (has a format that isn't read; convert it to .srt), e01.pl.ass "
        "(differs in upper and lower case; did you mean E01.pl.ass?)"
    ]


def test_doubtful_choices_are_said(tmp_path: Path) -> None:
    make(tmp_path, "E01.mkv", "E01.en.srt", "E02.mkv", "E02.pl.forced.srt", "E03.mkv", "E03.x1.srt")
    assert said(tmp_path, "E01.mkv") == ["E01.mkv: read E01.en.srt, which is marked 'en', not pl"]
    assert said(tmp_path, "E02.mkv") == [
        "E02.mkv: read E02.pl.forced.srt, which has forced lines only"
    ]
    assert said(tmp_path, "E03.mkv") == [
        "E03.mkv: no subtitle file was read; not used: E03.x1.srt ('x1' is no known language); to "
        "use one, name it E03.srt"
    ]


def test_files_of_longer_stems_belong_to_their_own_films(tmp_path: Path) -> None:
    make(tmp_path, "E1.mkv", "E10.mkv", "E1.pl.mkv", "E1 part 2.mp4")
    make(tmp_path, "E10.srt", "E10.pl.srt", "E1.pl.srt", "E1 part 2.srt", "E1.srt", "E12.srt")
    assert read(tmp_path, "E1.mkv") == "E1.srt"
    assert not said(tmp_path, "E1.mkv")
    assert read(tmp_path, "E10.mkv") == "E10.srt"
    assert read(tmp_path, "E1.pl.mkv") == "E1.pl.srt"
    assert read(tmp_path, "E1 part 2.mp4") == "E1 part 2.srt"


def test_a_folder_of_subtitles_is_searched(tmp_path: Path) -> None:
    make(tmp_path, "film/Film.2019.mkv", "film/Subs/2_English.srt", "film/Subs/3_Polish.srt")
    make(tmp_path, "film/Film.nfo", "film/Subs/4_pol.forced.srt")
    film = "film/Film.2019.mkv"
    assert read(tmp_path, film) == "film/Subs/3_Polish.srt"
    assert said(tmp_path, film)[0].endswith(
        "not used: Subs/2_English.srt (marked English), Subs/4_pol.forced.srt (forced lines only)"
    )
    make(tmp_path, "show/E1.mkv", "show/E2.mkv", "show/subs/E1.pl.srt", "show/subs/E2/2_pol.SRT")
    make(tmp_path, "show/subs/2_English.srt")
    assert read(tmp_path, "show/E1.mkv") == "show/subs/E1.pl.srt"
    assert read(tmp_path, "show/E2.mkv") == "show/subs/E2/2_pol.SRT"
    assert not said(tmp_path, "show/E1.mkv")


def test_names_are_compared_in_any_normal_form(tmp_path: Path) -> None:
    film, lines = (unicodedata.normalize(form, "Żółw é") for form in ("NFC", "NFD"))
    make(tmp_path, f"{film}.mkv", f"{lines}.pl.srt")
    assert read(tmp_path, f"{film}.mkv") == f"{lines}.pl.srt"


def test_films_in_two_normal_forms_have_their_own_files(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "é") for form in ("NFC", "NFD")]
    for form in forms:
        make(tmp_path, f"{form}.mkv", f"{form}.pl.srt")
    for form in forms:
        assert read(tmp_path, f"{form}.mkv") == f"{form}.pl.srt"
        assert not said(tmp_path, f"{form}.mkv")


def test_the_notes_reach_the_caller_with_the_lines(tmp_path: Path) -> None:
    make(tmp_path, "E01.mkv", "E01_pl.srt", "E01.ger.srt")
    lines, notes = read_lines(tmp_path / "E01.mkv", "E01", "pl")
    assert [line.text for line in lines] == ["Dzień dobry"]
    assert notes == [f"{tmp_path}/E01.mkv: read E01_pl.srt; not used: E01.ger.srt (marked ger)"]
