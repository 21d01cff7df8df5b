from importlib.metadata import PackageNotFoundError

import pytest

from corpus_tools.inspection import doctor


def test_all_checks_pass_here(tmp_path):
    checks = {check.name: check for check in doctor.examine(tmp_path)}
    assert {checks[module].state for module in doctor.REQUIRED} == {"ok"}
    assert "GB free" in checks["disk"].text


def test_missing_package_is_named_with_its_fix(tmp_path, monkeypatch):
    monkeypatch.setitem(doctor.REQUIRED, "no_such_module", "nothing at all")
    (found,) = (check for check in doctor.examine(tmp_path) if check.name == "no_such_module")
    assert found.state == "missing"
    assert "pip install no_such_module" in found.text


@pytest.mark.parametrize(
    ("distribution", "state", "text"),
    [
        (
            "funasr",
            "note",
            "for transcribe --recogniser funasr only: pip install 'corpus-tools[fun",
        ),
        ("rapidocr", "note", "for read-subtitles only: pip install 'corpus-tools[ocr]'"),
        ("faster-whisper", "ok", "9.9 (transcribe --recogniser faster-whisper)"),
    ],
)
def test_extras_are_optional(tmp_path, monkeypatch, distribution, state, text):
    def found(name):
        if state == "note" and name == distribution:
            raise PackageNotFoundError(name)
        return "9.9"

    monkeypatch.setattr("corpus_tools.inspection.doctor.version", found)
    (check,) = (one for one in doctor.examine(tmp_path) if one.name == distribution)
    assert check.state == state
    assert text in check.text


def test_ffmpeg_is_optional(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    (found,) = (check for check in doctor.examine(tmp_path) if check.name == "ffmpeg")
    assert found.state == "note"


def test_copies_in_a_corpus_are_noted(tmp_path):
    (tmp_path / "speakers (1).csv").touch()
    assert "copies" not in {check.name for check in doctor.examine(tmp_path)}
    (tmp_path / "corpus.toml").touch()
    (found,) = (check for check in doctor.examine(tmp_path) if check.name == "copies")
    assert found.state == "note"
    assert "is not read: speakers (1).csv; compare each with its original" in found.text
