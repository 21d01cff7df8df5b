import errno
import json
import os

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.exports.export import export_manifest
from manifests.exports.formats import FORMATS


def test_a_changed_or_missing_clip_stops_the_export_and_each_is_named(built, manifest, tmp_path):
    gone, changed = (manifest.audio(entry) for entry in manifest.entries[:2])
    gone.unlink()
    changed.write_bytes(changed.read_bytes()[:-1])
    outcome = export_manifest(manifest, {}, tmp_path / "out", format_name="csv")
    first, second = (failure.reason for failure in outcome.failures)
    assert "is missing" in first
    assert "changed since the version was written" in second
    assert outcome.outputs == []
    assert not list(tmp_path.glob("out*"))
    assert not list(tmp_path.glob(".*partial"))


@pytest.mark.parametrize("name", ["clips/x", "manifests/v3", "annotations", "stages/x/y"])
def test_the_folders_of_the_corpus_are_refused(manifest, name):
    with pytest.raises(ConfigurationError, match=r"folder of the corpus|exists already"):
        export_manifest(manifest, {}, manifest.corpus / name, format_name="csv")


def test_an_existing_folder_is_left_alone(manifest, tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigurationError, match="exists already"):
        export_manifest(manifest, {}, tmp_path / "mine", format_name="csv")
    with pytest.raises(ConfigurationError, match="choose from csv, parquet"):
        export_manifest(manifest, {}, tmp_path / "x", format_name="xml")
    with pytest.raises(ConfigurationError, match="needs the audio"):
        export_manifest(manifest, {}, tmp_path / "x", format_name="hf", audio="none")


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("audio", ["copy", "flac"])
def test_the_same_export_again_changes_nothing(
    export, built, manifest, tmp_path, format_name, audio
):
    folder = export(format_name, audio=audio)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = export_manifest(manifest, built.speakers, folder, format_name=format_name, audio=audio)
    assert again.ok
    assert again.warnings[-1] == f"{folder}: has exactly this content already; nothing was changed"
    assert again.outputs == [folder]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    changed = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    changed.write_bytes(changed.read_bytes() + b"x")
    with pytest.raises(ConfigurationError, match=f"--to {folder}: exists already"):
        export(format_name, audio=audio)
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_exported_through_a_link(manifest, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (tmp_path / "link").symlink_to(outside / "gone")
    with pytest.raises(ConfigurationError, match="exists already"):
        export_manifest(manifest, {}, tmp_path / "link", format_name="csv")
    (manifest.corpus / "corpus.toml").write_text("")
    (manifest.corpus / "mine").symlink_to(outside)
    with pytest.raises(DataError, match="mine: is a link or a special file that leads out"):
        export_manifest(manifest, {}, manifest.corpus / "mine" / "x", format_name="csv")
    assert not list(outside.iterdir())


def test_links_to_another_file_system_are_refused(manifest, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigurationError, match="use --audio copy"):
        export_manifest(manifest, {}, tmp_path / "out", format_name="csv", audio="link")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing(manifest, tmp_path, monkeypatch):
    from manifests.exports import audio

    def full(data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(audio, "_as_flac", full)
    with pytest.raises(CorpusError, match="no space left"):
        export_manifest(manifest, {}, tmp_path / "out", format_name="csv", audio="flac")
    assert not list(tmp_path.glob("*out*"))


def test_a_hostile_id_is_refused(manifest, tmp_path):
    entry = manifest.entries[0].changed(clip_id="../../evil")
    manifest.entries[0] = entry
    outcome = export_manifest(manifest, {}, tmp_path / "out", format_name="csv")
    assert "can't be a file's name" in outcome.failures[0].reason
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("name", FORMATS)
def test_the_command(built, name):
    (built.root / "corpus.toml").write_text('[corpus]\nname = "x"\n')
    run = ["export-manifest", "--corpus", str(built.root), "--format", name]
    result = CliRunner().invoke(app, [*run, "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    folder = built.root / "exports" / f"v2-{name}"
    assert document["outputs"] == [folder.as_posix()]
    assert document["counts"]["kept"] == 61
    assert folder.is_dir()
    again = CliRunner().invoke(app, run)
    assert again.exit_code == 0
    assert "has exactly this content already; nothing was changed" in again.stderr
    (folder / "more").write_text("x")
    other = CliRunner().invoke(app, run)
    assert other.exit_code == 2
    assert "exists already" in other.stderr


def test_a_paper_gets_the_cards_table_and_figures_without_clips(export, manifest):
    folder = export("latex")
    assert sorted(path.name for path in folder.iterdir()) == [
        "SHA256SUMS",
        "card.tex",
        "classes.pdf",
        "splits.pdf",
    ]
    table = (folder / "card.tex").read_text()
    assert f"{len(manifest.entries)} clips of " in table
    for split, entries in manifest.splits.items():
        row = next((line for line in table.splitlines() if line.startswith(f"{split} & ")), "")
        assert (f" & {len(entries)} & " in row) == bool(entries)
    assert b"CreationDate" not in (folder / "classes.pdf").read_bytes()
