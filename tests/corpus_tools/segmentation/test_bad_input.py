"""Usable films among all kinds of unusable files, through the command itself."""

import errno
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import corpus_tools.media.probe
from corpus_tools.cli.app import app
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Clip, LedgerEntry, Source
from manifests.storage.shards import STAGES, read_shard, read_stage

ODD_NAMES = [
    "with space.wav",
    "quote'\"s`$(x).wav",
    "emoji 🎬 山城.wav",
    "-dash.wav",
    "new\nline \x1b[31mred.wav",
    "%03d [b]#1?.wav",
    "长" * 83 + "ab.wav",
]
WORKS = dict.fromkeys(
    ["good.mp4", "telephone.wav", "cinema.wav", "no-numbers.wav", "piped.wav", *ODD_NAMES], 2
) | {"one-sample.wav": 0, "silence.flac": 0}
"""Files that are cut, and the clips in each."""

FAILS = {
    "truncated.mp4": "without its index",
    "half.mkv": "stops decoding at",
    "half.wav": "cut off or damaged",
    "empty.mp4": "is empty (0 bytes); copy it again",
    "text.mp4": "is a text file, not audio or video",
    "two\nlines \x1b[31mred.mp4": "is a text file, not audio or video",
    "noise.mp4": "is not readable audio or video",
    "mute.mp4": "has no audio track",
    "list.mp4": "names other files",
    "boast.wav": "bytes that its header announces",
    "modest.wav": "after its header says it ends",
    "nothing.wav": "without a single sample",
    "pipe.mp4": "a pipe or a device",
    "secret.wav": "permission denied",
    "vanished.wav": "is gone now",
    "later.wav": "disappeared during the run",
    "missing.wav": "no such file; check the path",
}
"""Files that can't be cut, and their error messages."""


def corpus_command(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write_wav(path, sound, rate=16_000, **how):
    soundfile.write(os.fsencode(path), sound, rate, format="WAV", **how)


def write_wrong_length(path, length):
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", length)
    path.write_bytes(data)


class Scenes:
    """Scenes that differ in their samples only, so that each file is a source."""

    def __init__(self, sound):
        self._sound = sound
        self._random = np.random.default_rng(0)

    def next(self):
        return self._sound + self._random.normal(0, 1e-4, len(self._sound))


def write_good(folder, scenes, make_media):
    hall = np.repeat(scenes.next(), 3)
    make_media(folder / "good.mp4", hall, 48_000, layout="stereo")
    write_wav(folder / "telephone.wav", scenes.next()[::2], 8_000)
    cinema = np.stack([np.repeat(scenes.next(), 6)] * 8, axis=1)
    write_wav(folder / "cinema.wav", cinema, 96_000, subtype="PCM_24")
    broken = scenes.next().astype(np.float32)
    broken[1000], broken[30_000:30_010], broken[50_000] = np.nan, np.inf, -np.inf
    write_wav(folder / "no-numbers.wav", broken, subtype="FLOAT")
    write_wav(folder / "piped.wav", scenes.next())
    write_wrong_length(folder / "piped.wav", 0xFFFFFFFF)
    write_wav(folder / "one-sample.wav", np.array([0.5]))
    soundfile.write(folder / "silence.flac", np.zeros(60 * 16_000), 16_000)
    assert max(len(name.encode()) for name in ODD_NAMES) == 255
    for name in ODD_NAMES:
        write_wav(folder / name, scenes.next())


def write_bad(folder, scenes, make_media):
    for name, whole in {"truncated.mp4": "a.mp4", "half.mkv": "a.mkv", "half.wav": "a.wav"}.items():
        data = make_media(folder / whole, scenes.next()).read_bytes()
        (folder / whole).unlink()
        (folder / name).write_bytes(data[: len(data) // 2])
    (folder / "empty.mp4").touch()
    for name in ("text.mp4", "two\nlines \x1b[31mred.mp4"):
        (folder / name).write_text("this is no film\n" * 100)
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(20_000))
    with av.open(str(folder / "mute.mp4"), "w") as out:
        stream = out.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        out.mux([*stream.encode(picture), *stream.encode(None)])
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile good.mp4\n")
    for name, length in {"boast.wav": 10**7, "modest.wav": 32_000}.items():
        write_wav(folder / name, scenes.next())
        write_wrong_length(folder / name, length)
    write_wav(folder / "nothing.wav", np.zeros(0))
    os.mkfifo(folder / "pipe.mp4")
    for name in ("secret.wav", "vanished.wav", "later.wav"):
        write_wav(folder / name, scenes.next())


def make_unreadable(patched, folder):
    """Make one file unreadable, and remove one before it is opened and one before it is cut."""
    really_open = av.open

    def opening(file, *arguments, **options):
        name = Path(file).name
        if name == "secret.wav":
            raise av.error.PermissionError(errno.EACCES, "Permission denied", file)
        if name == "vanished.wav":
            (folder / name).unlink()
        container = really_open(file, *arguments, **options)
        if name == "later.wav":
            (folder / name).rename(folder.parent / name)
        return container

    patched.setattr(corpus_tools.media.probe.av, "open", opening)


class Run:
    """Result of the command on the folder."""

    def __init__(self, corpus, folder, result):
        self.corpus, self.folder, self.result = corpus, folder, result
        self.document = json.loads(result.stdout)
        self.reasons = {}
        for failure in self.document["failures"]:
            name = failure["item"].rpartition("/")[2]
            self.reasons.setdefault(name, []).append(failure["reason"])


@pytest.fixture(scope="module")
def run(tmp_path_factory, make_scene, make_media):
    root = tmp_path_factory.mktemp("bad")
    corpus = Workspace.create(root / "corpus", "c").root
    folder = root / "films"
    folder.mkdir()
    scenes = Scenes(make_scene([(3.2, 0.8), (3.2, 0.5)]))
    write_good(folder, scenes, make_media)
    write_bad(folder, scenes, make_media)
    given = [folder / name for name in ("pipe.mp4", "missing.wav")]
    with pytest.MonkeyPatch.context() as patched:
        make_unreadable(patched, folder)
        arguments = ["segment", "--json", "--corpus", corpus, "--series", "s", folder, *given]
        return Run(corpus, folder, corpus_command(*arguments))


def test_the_run_fails_without_a_traceback_and_counts_every_file(run):
    assert run.result.exit_code == 1
    assert "Traceback" not in run.result.output
    counts = run.document["counts"]
    assert counts["in"] == len(WORKS) + len(FAILS)
    assert (counts["kept"], counts["failed"]) == (len(WORKS), len(FAILS))


@pytest.mark.parametrize("name", FAILS)
def test_each_unusable_file_fails_with_one_message(run, name):
    (reason,) = run.reasons[name]
    assert FAILS[name] in reason
    assert ";" in reason, "says what is wrong; what to do"
    assert "\n" not in reason
    assert len(reason) < 200
    shown = name.replace("\n", "\\n").replace("\x1b", "\\x1b")
    errors = [line for line in run.result.stderr.splitlines() if line.startswith("error:")]
    assert sum(f"/{shown}:" in line for line in errors) == 1


@pytest.mark.parametrize("name", WORKS)
def test_usable_files_are_cut_despite_bad_ones(run, name):
    assert name not in run.reasons
    cut = {Path(one["media"]).name: one for one in run.document["sources"]}
    assert cut[name]["clips"] == WORKS[name]


def test_each_source_without_clips_is_a_warning(run):
    warnings = {Path(text.split(": ")[0]).name: text for text in run.document["warnings"]}
    assert "too short for a clip" in warnings["one-sample.wav"]
    assert "no speech was found" in warnings["silence.flac"]


def test_output_has_no_terminal_control_characters(run):
    assert "\x1b" not in run.result.stderr
    assert not any(line.startswith("lines ") for line in run.result.stderr.splitlines())


def test_nothing_temporary_is_left_and_every_second_is_accounted_for(run):
    assert not [path for path in run.corpus.rglob(".*") if path.name != ".gitignore"]
    sources = list(read_stage(run.corpus, STAGES["sources"], Source))
    assert len(sources) == len(WORKS)
    clips = {clip.path for clip in read_stage(run.corpus, STAGES["segments"], Clip)}
    found = {path.relative_to(run.corpus).as_posix() for path in run.corpus.rglob("*.wav")}
    assert found == clips
    for source in sources:
        ledger = read_shard(STAGES["ledger"].path(run.corpus, source.source_id), LedgerEntry)
        assert sum(round(1000 * one.seconds) for one in ledger) == round(1000 * source.duration)


def test_names_like_markup_are_printed_verbatim(tmp_path):
    corpus = Workspace.create(tmp_path / "corpus", "c").root
    write_wav(tmp_path / "[b].wav", np.zeros(64_000))
    result = corpus_command(
        "segment", tmp_path / "[b].wav", "--series", "[Sub][/x]", "--corpus", corpus
    )
    assert result.exit_code == 0, result.output
    assert "[Sub][/x]" in result.stdout
    assert "[b].wav: no speech was found" in result.stderr


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads /proc")
def test_hours_of_digital_silence_are_a_warning_and_take_little_memory(tmp_path):
    corpus = Workspace.create(tmp_path / "corpus", "c").root
    with soundfile.SoundFile(tmp_path / "a.flac", "w", 8_000, 1) as out:
        for _ in range(2):
            out.write(np.zeros(3600 * 8_000, dtype=np.int16))
    assert megabytes(corpus, tmp_path / "a.flac") < 400
    (ledger,) = (corpus / "stages" / "ledger").iterdir()
    assert '"reason":"silence","seconds":7200.0' in ledger.read_text()


def megabytes(corpus, film):
    """Cut a film in a process of its own and return its peak memory.

    What getrusage tells is no less than what this process had when it forked.
    """
    code = (
        "from corpus_tools.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code or 0\n"
        "status = open('/proc/self/status').read()\n"
        "print(code, int(status.split('VmHWM:')[1].split()[0]) / 1024)"
    )
    command = [sys.executable, "-c", code, "segment", str(film), "--corpus", str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "no speech was found" in done.stderr
    exit_code, peak = done.stdout.splitlines()[-1].split()
    assert exit_code == "0"
    return float(peak)
