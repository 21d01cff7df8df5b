"""Page of `corpus compare-transcripts --html`: nothing lost, nothing run, errors marked."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.transcription import comparison_page
from corpus_tools.transcription.compare import Comparison, TextPair, clip_errors
from corpus_tools.transcription.comparison_page import (
    Cell,
    aligned_cells,
    write_comparison_page,
)
from corpus_tools.transcription.store import put_transcripts
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Transcript
from tests.factories import make_clip

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FIRST = "drama-00000000-00003000"


@given(*[st.text(alphabet="巴适得 ，Ｋkß\u0301eéﬁ!سلا", max_size=14)] * 2, st.booleans())
def test_cells_hold_both_texts_and_the_edits_of_the_rate(a: str, b: str, exact: bool) -> None:
    cells = aligned_cells(a, b, exact=exact)
    (found,) = clip_errors([TextPair("c", "s", a, b)], exact=exact)
    (joined,) = clip_errors(
        [
            TextPair(
                "c",
                "s",
                "".join(cell.reference for cell in cells),
                "".join(cell.hypothesis for cell in cells),
            )
        ],
        exact=exact,
    )
    assert joined.errors == found.errors
    assert any(cell.kind != "same" for cell in cells) == bool(found.errors.edits)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("……", "啊", [Cell("added", "……", "啊")]),
        ("要得。", "", [Cell("missing", "要得。", "")]),
        (
            "Straße, nein",
            "strasse nei",
            [Cell("same", "Straße, nei", "strasse nei"), Cell("missing", "n", "")],
        ),
        (
            "שלום",
            "שלם",
            [Cell("same", "של", "של"), Cell("missing", "ו", ""), Cell("same", "ם", "ם")],
        ),
    ],
)
def test_texts_are_shown_as_written(reference: str, hypothesis: str, expected: list[Cell]) -> None:
    assert aligned_cells(reference, hypothesis) == expected


def page_of(path: Path, *pairs: TextPair) -> str:
    found = clip_errors(pairs)
    compared = Comparison("subtitle", "whisper:base", False, found, {}, {})
    write_comparison_page(path, path.parent, "试", compared)
    return path.read_text("utf-8")


def test_texts_cannot_become_markup_and_nothing_is_loaded(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    page = page_of(tmp_path / "p.html", TextPair("c-\"'<b>", "<i>", evil, evil + "1"))
    assert "<img" not in page
    assert "<i>" not in page
    assert "&lt;/script&gt;&lt;img" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"?https?:", page)


def test_homophones_and_errors_are_marked_without_colour(tmp_path: Path) -> None:
    page = page_of(
        tmp_path / "p.html",
        TextPair("s-1", "s", "我们在巴适得很的", "我们再八适得很"),
        TextPair("s-2", "t", "Źdźbło trawy", "Zdźbło trawyx"),
    )
    assert page.count("may sound alike") == 2  # 在 and 再, 巴 and 八; not Ź and Z
    assert "<del>的</del>" in page
    assert "<ins>x</ins>" in page
    assert "2 words in 1 clip<" in page
    assert 'class="left"><bdi>t</bdi>' in page


def test_clips_beyond_the_limit_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_page, "MAX_SHOWN", 3)
    pairs = [TextPair(f"s-{n}", "s", "巴适得很", "巴适得很"[:n]) for n in range(1, 5)]
    page = page_of(tmp_path / "p.html", *pairs)
    assert "Clips with lower error rates that aren’t shown: 1; all figures above count them" in page
    assert page.count("<li data-rate") == 3
    assert page.index("s-1<") < page.index("s-2<") < page.index("s-3<")
    assert "s-4<" not in page


def test_the_command_writes_a_page_with_the_sound_beside_it(workspace: Workspace) -> None:
    text = Transcript(clip_id=FIRST, text="", text_raw="谢谢", source="whisper", model="b")
    put_transcripts(workspace.root, "drama", "whisper:b", [text], {})
    known = Transcript(clip_id=FIRST, text="要得", text_raw="要得", source="subtitle")
    put_transcripts(workspace.root, "drama", "subtitle", [known], {})
    page = workspace.root / "a folder" / "p.html"
    page.parent.mkdir()
    arguments = ["compare-transcripts", "subtitle", "whisper", "--html", str(page)]
    result = CliRunner().invoke(app, [*arguments, "--corpus", str(workspace.root)])
    assert result.exit_code == 0, result.output
    text_of = page.read_text("utf-8")
    (link,) = re.findall(r'class="sound" href="([^"]+)"', text_of)
    assert (page.parent / html.unescape(link)).is_file()
    assert "no text" in text_of


@pytest.mark.parametrize("command", [["compare-transcripts", "script", "subtitle"], ["agreement"]])
def test_a_page_replaces_no_other_file(workspace: Workspace, command: list[str]) -> None:
    path = workspace.root / "corpus.toml"
    before = path.read_bytes()
    arguments = [*command, "--html", str(path), "--corpus", str(workspace.root)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.output).split())
    assert "exists and isn't an HTML page; name another file" in shown
    assert path.read_bytes() == before


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_the_filter_works_in_a_browser(tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    page_of(
        page,
        TextPair("s-1", "s", "巴适得很", "巴适得"),
        TextPair("s-2", "s", "巴适", "不是"),
        TextPair("s-3", "s", "……", "啊"),
    )
    text = re.sub(r'<meta http-equiv="Content-Security[^>]*>', "", page.read_text("utf-8"))
    press = "least.value = 50; least.dispatchEvent(new Event('input'));"
    page.write_text(text.replace("</body>", f"<script>{press}</script></body>"), "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'b'}"]
    dump = subprocess.run(
        [str(BROWSER), *options, "--dump-dom", page.as_uri()],
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout.decode()
    assert "2 of 3 clips" in dump
    assert re.findall(r'data-rate="([^"]+)" hidden', dump) == ["0.25"]


def test_a_clip_on_the_page_has_its_speaker(tmp_path: Path) -> None:
    clip = make_clip("s", 0.0, 3.0, speaker="Wang <x>")
    found = clip_errors([TextPair(clip.clip_id, "s", "巴", "八")])
    compared = Comparison("script", "whisper", False, found, {}, {clip.clip_id: clip})
    write_comparison_page(tmp_path / "p.html", tmp_path, "n", compared)
    assert "<bdi>Wang &lt;x&gt;</bdi>" in (tmp_path / "p.html").read_text("utf-8")


@pytest.mark.parametrize("name", [b"\xff\xe9", "茶馆 %#?".encode()])
def test_a_corpus_in_any_folder_gets_links_to_its_sounds(name: bytes, tmp_path: Path) -> None:
    corpus = tmp_path / os.fsdecode(name)
    clip = make_clip("s", 0.0, 3.0)
    link = comparison_page._sound(clip, corpus, tmp_path / "page.html")
    assert link is not None
    assert link.isascii()
    assert unquote_to_bytes(link) == name + b"/" + clip.path.encode()
