"""The commands that write, each with a small corpus to run it on."""

import csv
import json
import runpy
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.storage.runs import Bench
from benchmarks.storage.server import Server

__all__ = ["CASES", "WITHOUT_CASE", "Case", "prepare"]

ROOT = Path(__file__).parents[2]
_TINY_WHISPER = ROOT / "tests" / "corpus_tools" / "transcription" / "tiny_whisper.py"
_SECONDS = 16
_SPEAKERS = ("EB0", "IC0", "KD0")
_EMOTIONS = ("angry", "fear", "happy", "neutral", "surprise", "sad")
_RATE = 12  # frames a second
_LINES = ("Where have you been?", "He won't come.")
_CORPUS = ("--corpus", "trial/corpus")
_SETTINGS = """
[transcribe]
temperatures = [0.0]
max_tokens = 4
batch_size = 2

[train]
epochs = 1
batch_size = 8
threads = 1
device = "cpu"

[train.features]
n_mfcc = 8
n_mels = 16

[train.audio]
channels = 4
kernels = 2

[train.words]
size = 4
filters = 4
"""


@dataclass(frozen=True)
class Case:
    """A command and the prepared folder that it runs on; with ``server``, a fake Label Studio."""

    name: str
    start: str
    arguments: tuple[str, ...]
    server: bool = False

    @property
    def command(self) -> list[str]:
        """Arguments with the corpus."""
        return [*self.arguments, *(() if self.name == "init" else _CORPUS)]


_PUSH = ("push-tasks", "--annotators", "a01,a02", "--server-url", "@server")
_FORMATS = ("csv", "parquet", "hf", "audformat", "lhotse", "croissant")
CASES = {
    case.name: case
    for case in (
        Case("segment", "empty", ("segment", "media")),
        Case("segment, other settings", "cut", ("segment", "media", "--max-seconds", "4")),
        Case("segment, 2 workers", "empty", ("segment", "media", "--workers", "2")),
        Case("read-subtitles", "with film", ("read-subtitles", "film")),
        Case("add-recordings", "cut", ("add-recordings", "voices/SCRIPT.csv", "voices")),
        Case("screen", "cut", ("screen", "--min-snr-db", "30")),
        Case("review", "cut", ("review", "media")),
        Case("review --apply", "cut", ("review", "media", "--apply", "decisions.csv")),
        Case("transcribe", "with weights", ("transcribe", "--model", "tiny.pt", "--device", "cpu")),
        Case("transcribe --subtitles-only", "cut", ("transcribe", "--subtitles-only")),
        Case("import-transcripts", "cut", ("import-transcripts", "texts.csv", "--name", "lab")),
        Case("combine-transcripts", "two texts", ("combine-transcripts",)),
        Case("export-tasks", "recorded", ("export-tasks", "--batch", "b1", "--media", "media")),
        Case(
            "export-tasks --annotators",
            "recorded",
            ("export-tasks", "--annotators", "a01,a02", "--media", "media"),
        ),
        Case("push-tasks", "tasks", _PUSH, server=True),
        Case("pull-annotations", "pushed", ("pull-annotations",), server=True),
        Case("import-annotations", "tasks", ("import-annotations", "answers.json")),
        Case("build-manifest", "labelled", ("build-manifest",)),
        Case("build-manifest, next", "relabelled", ("build-manifest",)),
        *(
            Case(f"export-manifest, {name}", "built", ("export-manifest", "--format", name))
            for name in _FORMATS
        ),
        Case(
            "export-manifest, csv with flac",
            "built",
            ("export-manifest", "--audio", "flac"),
        ),
        Case("import-manifest", "empty", ("import-manifest", "voices/table.csv")),
        Case("train", "built", ("train", "--name", "one", "--epochs", "2")),
        Case("train --folds", "built", ("train", "--name", "two", "--folds", "2")),
        Case("compare", "built", ("compare", "--name", "three", "--seeds", "1")),
        Case("evaluate", "trained", ("evaluate", "one", "--split", "train")),
        Case(
            "predict", "trained", ("predict", "media/E01.wav", "--run", "one", "--out", "trial/out")
        ),
        Case("suspects", "built", ("suspects",)),
        Case(
            "export-tasks --suspects",
            "suspected",
            ("export-tasks", "--suspects", "2"),
        ),
        Case("withdraw --speaker", "full", ("withdraw", "--speaker", "EB0")),
        Case("withdraw --source", "full", ("withdraw", "--source", "@film")),
        Case("withdraw --annotator", "full", ("withdraw", "--annotator", "a01")),
        Case("init", "nothing", ("init", "trial/new")),
        Case("agreement --html", "labelled", ("agreement", "--html", "trial/page.html")),
        Case(
            "compare-transcripts --html",
            "two texts",
            ("compare-transcripts", "subtitle", "import", "--html", "trial/page.html"),
        ),
    )
}


WITHOUT_CASE = {
    "serve": "it writes nothing into the corpus",
    "label-studio start": "it installs a server and needs its database; what it writes into a "
    "corpus is tested in tests/annotation/label_studio/server",
}
"""Commands of `manifests.access.table.ACCESS` without a case, with the reason."""


def prepare(bench: Bench, server: Server, name: str) -> None:
    """Make the folder that cases start from, and those that it is made from, unless they exist."""
    if (bench.folder / name).exists():
        return
    if name == "nothing":
        bench.names["@server"] = server.url
        bench.variables["LABEL_STUDIO_API_KEY"] = server.token
        bench.call(lambda: _write_media(bench.folder))
        bench.trial.mkdir(exist_ok=True)
        (bench.folder / name / "machine").mkdir(parents=True)
        return
    made_from, commands, work = _MADE[name]
    prepare(bench, server, made_from)
    bench.begin(made_from)
    with server.fresh() if name == "pushed" else nullcontext():
        for command in commands:
            code, _ = bench.run(command)
            assert code == 0, f"{' '.join(command)}: {bench.said()}"
        work(bench)
        if name == "pushed":
            server.answer_all()
            server.save()
    bench.keep(name)


def _add_settings(bench: Bench) -> None:
    corpus = bench.trial / "corpus"
    with (corpus / "corpus.toml").open("a") as settings:
        settings.write(_SETTINGS)
    (corpus / "annotations" / "annotators.csv").write_text(
        "annotator,server,number,email\na01,,,li@lab.example\na02,,,wang@lab.example\n"
    )


def _write_media(folder: Path) -> None:
    """Write two films with subtitles, recordings of a script, a table of them, and a checkpoint."""
    import soundfile

    from corpus_tools.media.decode import decode_whole
    from corpus_tools.media.resample import SAMPLE_RATE

    media = folder / "media"
    media.mkdir()
    for number, episode in enumerate(("harbour/E01.mp4", "teahouse/E02.mkv"), start=1):
        path = ROOT / "examples" / "episodes" / episode
        samples = decode_whole(path)[: _SECONDS * SAMPLE_RATE]
        soundfile.write(media / f"E{number:02d}.wav", samples, SAMPLE_RATE)
        shutil.copy(path.with_suffix(".srt"), media / f"E{number:02d}.srt")
    recordings = ROOT / "examples" / "recordings"
    with (recordings / "SCRIPT.csv").open(encoding="utf-8") as script:
        rows = [row for row in csv.DictReader(script) if row["speaker"] in _SPEAKERS]
    rows = [row for row in rows if int(row["file"][4:7]) <= 5]
    voices = folder / "voices"
    for row in rows:
        samples = decode_whole(recordings / "audio" / row["file"])
        row["file"] = row["file"].replace(".opus", ".wav")
        (voices / row["file"]).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(voices / row["file"], samples, SAMPLE_RATE)
    _write_csv(voices / "SCRIPT.csv", rows)
    for row in rows:
        row["emotion"] = row.pop("intended_emotion")
    _write_csv(voices / "table.csv", rows)


def _write_weights(bench: Bench) -> None:
    """Write a tiny checkpoint of Whisper."""

    def write() -> None:
        runpy.run_path(str(_TINY_WHISPER))["write_checkpoint"](bench.folder / "tiny.pt")

    bench.call(write)


def _write_film(bench: Bench) -> None:
    """Write a film of 4 s with two lines in its picture, beside the trials."""

    def write() -> None:
        import av
        import numpy as np
        from PIL import Image, ImageDraw, ImageFont

        (bench.folder / "film").mkdir()
        font, rng = ImageFont.load_default(size=20), np.random.default_rng(0)
        with av.open(str(bench.folder / "film" / "E03.mkv"), "w") as out:
            picture = out.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast"})
            picture.width, picture.height, picture.pix_fmt = 480, 270, "yuv420p"
            sound = out.add_stream("pcm_s16le", rate=16000, layout="mono")
            for number in range(4 * _RATE):
                rough = rng.integers(30, 190, (9, 16, 3), np.uint8)
                image = Image.fromarray(rough).resize((480, 270))
                style = {"font": font, "anchor": "mm", "stroke_width": 2, "stroke_fill": "black"}
                text = "" if number % (2 * _RATE) < 3 else _LINES[number // (2 * _RATE)]
                ImageDraw.Draw(image).text((240, 242), text, fill="white", **style)
                frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
                out.mux(picture.encode(frame))
            out.mux(picture.encode())
            noise = rng.integers(-900, 900, (1, 4 * 16000)).astype(np.int16)
            block = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
            block.sample_rate = 16000
            out.mux(sound.encode(block))
            out.mux(sound.encode())

    bench.call(write)


def _write_texts(bench: Bench) -> None:
    """Write a person's texts of the clips, and decisions on them, beside the trials."""
    clips = []
    for path in sorted((bench.trial / "corpus" / "stages" / "segments").glob("*.jsonl")):
        clips += [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]]
    texts = [{"clip_id": clip["clip_id"], "text": f"tekst {n}"} for n, clip in enumerate(clips)]
    _write_csv(bench.folder / "texts.csv", texts)
    decisions = [
        {
            "source": clip["source_id"],
            "clip_id": clip["clip_id"],
            "from": "" if number % 2 else f"{clip['start']:.3f}",
            "to": "" if number % 2 else f"{clip['end'] - 0.1:.3f}",
            "decision": "drop" if number % 2 else "keep",
            "note": "",
        }
        for number, clip in enumerate(clips)
    ]
    _write_csv(bench.folder / "decisions.csv", decisions)
    bench.names["@film"] = min(clip["source_id"] for clip in clips)


def _write_answers(bench: Bench) -> None:
    """Write two annotators' answers to the tasks, as an export of Label Studio, and more later."""
    [path] = (bench.trial / "corpus" / "annotations" / "tasks").glob("b1*.json")
    tasks = json.loads(path.read_bytes())
    for name, some in (("answers", tasks[: -len(tasks) // 4]), ("more", tasks[-len(tasks) // 4 :])):
        export = [
            {"id": number, **_answered(task, number)}
            for number, task in enumerate(tasks, start=1)
            if task in some
        ]
        (bench.folder / f"{name}.json").write_text(json.dumps(export), encoding="utf-8")


def _answered(task: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "data": task["data"],
        "annotations": [
            answer(_EMOTIONS[number % len(_EMOTIONS)], 10 * number + who, email)
            for who, email in enumerate(("li@lab.example", "wang@lab.example"), start=2)
        ],
        "predictions": [],
    }


def answer(emotion: str, number: int, by: object) -> dict[str, Any]:
    """Return an annotation as Label Studio exports it."""
    item = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
    who = {"id": number % 10, "email": by} if isinstance(by, str) else by
    return {
        "id": number,
        "completed_by": who,
        "result": [{**item, "value": {"choices": [emotion]}}],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
        "lead_time": 3.5,
    }


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _nothing(bench: Bench) -> None:
    pass


_EVALUATE = ("evaluate", "one", *_CORPUS)
_MADE: dict[str, tuple[str, tuple[tuple[str, ...], ...], Callable[[Bench], None]]] = {
    "empty": ("nothing", (("init", "trial/corpus", "--language", "pl"),), _add_settings),
    "cut": ("empty", (("segment", "media", *_CORPUS),), _write_texts),
    "with film": ("empty", (), _write_film),
    "two texts": (
        "cut",
        (
            ("transcribe", "--subtitles-only", *_CORPUS),
            ("import-transcripts", "texts.csv", "--name", "lab", *_CORPUS),
        ),
        _nothing,
    ),
    "with weights": ("cut", (), _write_weights),
    "recorded": ("cut", (("add-recordings", "voices/SCRIPT.csv", "voices", *_CORPUS),), _nothing),
    "tasks": (
        "recorded",
        (("export-tasks", "--batch", "b1", "--no-context", *_CORPUS),),
        _write_answers,
    ),
    "pushed": ("tasks", ((*_PUSH, *_CORPUS),), _nothing),
    "labelled": ("tasks", (("import-annotations", "answers.json", *_CORPUS),), _nothing),
    "built": ("labelled", (("build-manifest", *_CORPUS),), _nothing),
    "relabelled": ("built", (("import-annotations", "more.json", *_CORPUS),), _nothing),
    "trained": ("built", (("train", "--name", "one", *_CORPUS),), _nothing),
    "suspected": ("built", (("suspects", *_CORPUS),), _nothing),
    "full": ("trained", (("export-manifest", *_CORPUS), _EVALUATE), _nothing),
}
"""Folders, with what each is made from: another, commands, and further files."""
