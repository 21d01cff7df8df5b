import json
import resource
import subprocess
import sys

HEAVY = {"torch", "whisper", "librosa", "pandas", "label_studio_sdk", "numpy", "pydantic"}


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from corpus_tools.cli import main\n"
        "sys.argv = ['corpus', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(' '.join(sys.modules), file=sys.stderr)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "segment" in process.stdout
    assert not HEAVY & set(process.stderr.split())


def processor_time(*arguments: str) -> float:
    """Return the seconds of processor time that a Python process takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_takes_under_0_4_s():
    """On a slow or busy machine, it takes less than twice what typer alone takes."""
    pairs = [
        (
            processor_time("-c", "import typer, typer.rich_utils"),
            processor_time("-m", "corpus_tools", "--help"),
        )
        for _ in range(7)
    ]
    assert min(own for _, own in pairs) < 0.4 or min(own / typer for typer, own in pairs) < 2


def test_bad_files_fail_one_by_one_and_the_rest_is_done(tmp_path, corpus_command, sample):
    corpus = tmp_path / "corpus"
    corpus_command("init", corpus)
    empty, text, silent = (tmp_path / name for name in ("empty.mp4", "text.mp4", "silent.mp4"))
    empty.touch()
    text.write_text("this is no video\n" * 100)
    write_video_without_audio(silent)
    good = sample / "episodes" / "harbour" / "E03.m4a"
    bad = [tmp_path / "missing.mp4", empty, text, silent]
    process = corpus_command("segment", *bad, good, "--json", "--corpus", corpus)
    assert process.returncode == 1
    document = json.loads(process.stdout)
    assert {failure["item"] for failure in document["failures"]} == {str(path) for path in bad}
    assert document["counts"]["in"] == 5
    assert document["counts"]["kept"] == 1
    assert document["clips"]["accepted"] > 3
    errors = [line for line in process.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == len(bad)
    assert "Traceback" not in process.stderr


def test_unknown_key_in_corpus_toml_is_named_with_the_nearest(tmp_path, corpus_command):
    corpus_command("init", tmp_path / "c")
    (tmp_path / "c" / "corpus.toml").write_text("[segment]\nmin_second = 3\n")
    process = corpus_command("status", "--corpus", tmp_path / "c")
    assert process.returncode == 2
    assert "did you mean 'min_seconds'" in process.stderr


def test_outside_a_corpus_init_is_suggested(tmp_path, corpus_command):
    process = corpus_command("status", cwd=tmp_path)
    assert process.returncode == 2
    assert "corpus init" in process.stderr


def write_video_without_audio(path):
    import av
    import numpy

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(0, 250, 25):
            picture = numpy.full((48, 64, 3), shade, dtype="uint8")
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
