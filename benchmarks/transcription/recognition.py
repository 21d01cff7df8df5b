"""Error rates and time of Whisper base on constructed episodes, by mode and option, beside peers.

Episodes are made of nEMO (Polish) and RAVDESS (English; it has two sentences only): utterances with
known texts, pauses of 0.15 to 3 s, room tone; one with music 25 dB below the speech (`corpus
screen` rejects most clips with louder music). `corpus segment` cuts and screens them. A clip's
true text is that of its utterances; clips that hold an utterance in part (15 to 85 % of it)
are left out, as are those without speech. All rows of a material are measured on the same clips,
one after another in the same run, on one thread, by the processor's time, loading excluded:

    ours              corpus transcribe --context clip / window, with options, after the guards;
                      in int8: with --recogniser faster-whisper
    openai-whisper    its `transcribe`, clip by clip, and over the whole file
    faster-whisper    int8, clip by clip, and its batched pipeline over the whole file

Whole files give each word to the clip in which its midpoint lies. The prompt is two sentences in
the language, the lexicon 12 words that occur. Speakers are those that no parameter was chosen on
(`--dev`: the others).

    pip install faster-whisper
    python -m benchmarks.transcription.recognition --minutes 3
"""

import argparse
import csv
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import soundfile
import torch
import whisper
from numpy.typing import NDArray

from benchmarks.common import constructed
from benchmarks.common.whisper_base import prepare
from corpus_tools.api.corpus import Corpus
from corpus_tools.media.wav import read_wav
from corpus_tools.transcription.compare import ErrorCounts, TextPair, clip_errors
from corpus_tools.transcription.recognisers.base import RecogniserOptions
from corpus_tools.transcription.recognisers.faster_whisper import FasterWhisperRecogniser
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.store import STAGE, read_source_clips, read_transcripts
from manifests.base.letters import plain_letters
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip

RATE = constructed.RATE
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Wave = NDArray[np.float32]
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Material:
    """A corpus of one constructed episode, and what is said in its clips.

    Attributes:
        corpus: the corpus.
        language: its language.
        sound: the episode's samples.
        clips: the clips measured.
        waves: samples of the clips.
        truth: their texts.
        flags: of the texts of the last run.
    """

    corpus: Corpus
    language: str
    sound: Wave
    clips: list[Clip]
    waves: list[Wave]
    truth: dict[str, str]

    @property
    def seconds(self) -> float:
        return sum(clip.duration for clip in self.clips)


def build(name: str, folder: Path, minutes: float, dev: bool, data: Path) -> Material:
    """Return the material of a name such as "pl" or "pl, music"."""
    language, _, background = name.partition(", ")
    corpus_of = data / {"pl": "nemo", "en": "ravdess"}[language]
    with (corpus_of / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        speakers = sorted({row["speaker"] for row in csv.DictReader(lines)})
    half = constructed.DEV if dev else constructed.MEASURED
    chosen = half if language == "pl" else speakers[::3] if dev else speakers[1::3]
    one = constructed.episode(
        chosen, 100 if dev else 0, minutes, 0.5, background or None, 25.0, corpus_of
    )
    soundfile.write(folder / "episode.wav", one.samples, RATE)
    corpus = Corpus.create(folder / "corpus", language=language)
    corpus.segment(folder / "episode.wav")
    (source,) = read_source_clips(corpus.path, Outcome())
    truth = {clip.clip_id: text for clip in source.wanted if (text := true_text(clip, one))}
    clips = [clip for clip in source.wanted if clip.clip_id in truth]
    waves = [
        read_wav(corpus.path / clip.path, clip.sha256).astype(np.float32) / 32768 for clip in clips
    ]
    return Material(corpus, language, one.samples.astype(np.float32) / 32768, clips, waves, truth)


def true_text(clip: Clip, one: constructed.Episode) -> str | None:
    """Return what is said in a clip, None if nothing, or a part of an utterance."""
    said = []
    for (start, end, _), text in zip(one.utterances, one.texts, strict=True):
        share = (min(end, clip.end) - max(start, clip.start)) / (end - start)
        if 0.15 < share < 0.85:
            return None
        if share >= 0.85:
            said.append(text)
    return " ".join(said) or None


def ours(material: Material, checkpoint: Path, **options: Any) -> Texts:
    """Return the texts of `corpus transcribe`, after the guards."""
    (source,) = read_source_clips(material.corpus.path, Outcome())
    STAGE.path(material.corpus.path, source.source_id).unlink(missing_ok=True)
    outcome = material.corpus.transcribe(model=str(checkpoint), device="cpu", **options)
    if outcome.failures:
        raise SystemExit(str(outcome.failures))
    records = read_transcripts(material.corpus.path, source.source_id)
    straddling = [record.clip_id for record in records if "straddles" in record.flags]
    print(f"  straddles: {len(straddling)} of {len(records)}", flush=True)
    return {record.clip_id: record.text for record in records}


def openai_by_clip(material: Material, model: Any) -> Texts:
    """Call openai-whisper for each clip."""
    return {
        clip.clip_id: whisper.transcribe(
            model,
            wave,
            language=material.language,
            condition_on_previous_text=False,
            without_timestamps=True,
            fp16=False,
        )["text"]
        for clip, wave in zip(material.clips, material.waves, strict=True)
    }


def openai_whole(material: Material, model: Any, earlier_text: bool) -> Texts:
    """Call openai-whisper for the whole file; words go to clips by midpoint."""
    found = whisper.transcribe(
        model,
        material.sound,
        language=material.language,
        condition_on_previous_text=earlier_text,
        word_timestamps=True,
        fp16=False,
    )
    return by_midpoint(
        material,
        (
            (word["start"], word["end"], word["word"])
            for segment in found["segments"]
            for word in segment["words"]
        ),
    )


def faster_by_clip(material: Material, model: Any) -> Texts:
    """Call faster-whisper for each clip, with its defaults but without earlier text."""
    texts = {}
    for clip, wave in zip(material.clips, material.waves, strict=True):
        segments, _ = model.transcribe(
            wave, language=material.language, beam_size=1, condition_on_previous_text=False
        )
        texts[clip.clip_id] = "".join(segment.text for segment in segments)
    return texts


def faster_batched(material: Material, pipeline: Any) -> Texts:
    """Call faster-whisper's batched pipeline for the whole file; words go by midpoint."""
    segments, _ = pipeline.transcribe(
        material.sound,
        language=material.language,
        beam_size=1,
        word_timestamps=True,
        batch_size=8,
    )
    return by_midpoint(
        material, ((word.start, word.end, word.word) for one in segments for word in one.words)
    )


def by_midpoint(material: Material, words: Iterator[tuple[float, float, str]]) -> Texts:
    texts = dict.fromkeys(material.truth, "")
    for start, end, word in words:
        for clip in material.clips:
            if clip.start <= (start + end) / 2 < clip.end:
                texts[clip.clip_id] += word
    return texts


PROMPTS = {
    "pl": "Rozmowa w domu. Tak, oczywiście, zaraz przyjdę.",
    "en": "A talk at home. Yes, of course, I am coming.",
}


def lexicon_of(material: Material, folder: Path) -> Path:
    words = sorted(
        {word.strip(".,?!") for text in material.truth.values() for word in text.split()}
    )
    path = folder / "lexicon.txt"
    longest = sorted(words, key=len)[-12:]
    path.write_text("".join(f"{word}\n" for word in longest), encoding="utf-8")
    return path


def rows_of(
    material: Material, checkpoint: Path, ctranslate2: Path, folder: Path
) -> dict[str, Callable[[], Texts]]:
    """Return the rows of the table; what they load is loaded before."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    mine = partial(ours, material, checkpoint)
    openai = whisper.load_model(str(checkpoint), device="cpu")
    openai.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    faster = WhisperModel(str(ctranslate2), device="cpu", compute_type="int8", cpu_threads=1)
    lexicon = str(lexicon_of(material, folder))
    return {
        "ours, window": partial(mine, context="window"),
        "ours, window, faster-whisper int8": partial(
            ours, material, ctranslate2, recogniser="faster-whisper"
        ),
        "ours, clip": partial(mine, context="clip"),
        "openai-whisper, clip by clip": partial(openai_by_clip, material, openai),
        "openai-whisper, whole file": partial(openai_whole, material, openai, True),
        "openai-whisper, whole file, earlier text not given": partial(
            openai_whole, material, openai, False
        ),
        "faster-whisper int8, clip by clip": partial(faster_by_clip, material, faster),
        "faster-whisper int8, batched": partial(
            faster_batched, material, BatchedInferencePipeline(faster)
        ),
        "ours, window, beam 5": partial(mine, context="window", beam_size=5),
        "ours, window, prompt": partial(mine, context="window", prompt=PROMPTS[material.language]),
        "ours, window, lexicon": partial(mine, context="window", lexicon=lexicon),
        "ours, window, language auto": partial(mine, context="window", language="auto"),
        "ours, clip, beam 5": partial(mine, context="clip", beam_size=5),
        "ours, clip, language auto": partial(mine, context="clip", language="auto"),
    }


def errors(material: Material, texts: Texts) -> tuple[float, float, int]:
    """Return character and word error rates, and the number of clips without a text."""
    pairs = [
        TextPair(clip_id, "", text, texts.get(clip_id, ""))
        for clip_id, text in material.truth.items()
    ]
    characters = sum((one.errors for one in clip_errors(pairs)), ErrorCounts()).rate or 0.0
    words = jiwer.wer(
        *(
            [spelled(text) for text in two]
            for two in zip(*((pair.reference, pair.hypothesis) for pair in pairs), strict=True)
        )
    )
    return characters, words, sum(not pair.hypothesis.strip() for pair in pairs)


def spelled(text: str) -> str:
    return " ".join(filter(None, (plain_letters(word) for word in text.split())))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("materials", nargs="*", default=["pl", "pl, music", "en"])
    parser.add_argument("--minutes", type=float, default=3.0, help="of each episode (default 3)")
    parser.add_argument("--dev", action="store_true", help="the speakers to choose parameters on")
    parser.add_argument("--rows", type=int, help="only the first rows")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, help="JSON Lines of all texts")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint, ctranslate2 = prepare()
    for name in arguments.materials:
        with tempfile.TemporaryDirectory() as folder:
            material = build(name, Path(folder), arguments.minutes, arguments.dev, arguments.data)
            report(name, material, checkpoint, ctranslate2, Path(folder), arguments)
    return 0


def report(
    name: str,
    material: Material,
    checkpoint: Path,
    ctranslate2: Path,
    folder: Path,
    arguments: argparse.Namespace,
) -> None:
    letters = sum(len(plain_letters(text)) for text in material.truth.values())
    print(
        f"\n{name}: {len(material.clips)} clips, {material.seconds:.0f} s, {letters} characters, "
        f"load {os.getloadavg()[0]:.1f}\n"
        "| row | CER | WER | without text | processor s | s a clip |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        flush=True,
    )
    options = RecogniserOptions(str(checkpoint), "cpu")
    whispers = {"openai": WhisperRecogniser(options)}
    whispers["faster"] = FasterWhisperRecogniser(replace(options, model=str(ctranslate2)))
    loading = {}
    for kind, recogniser in whispers.items():
        recogniser.transcribe([np.zeros(1600, np.float32)], material.language)  # imports, too
        del recogniser._model
        began = time.process_time()
        _ = recogniser._model
        loading[kind] = time.process_time() - began
    rows = list(rows_of(material, checkpoint, ctranslate2, folder).items())
    for row, way in rows[: arguments.rows]:
        began = time.process_time()
        texts = way()
        spent = time.process_time() - began
        if row.startswith("ours"):
            spent -= loading["faster" if "faster" in row else "openai"]
        cer, wer, empty = errors(material, texts)
        print(
            f"| {row} | {cer:.1%} | {wer:.1%} | {empty} | {spent:.0f} "
            f"| {spent / len(material.clips):.2f} |",
            flush=True,
        )
        if arguments.out:
            with arguments.out.open("a", encoding="utf-8") as stream:
                for clip_id, truth in material.truth.items():
                    line = {"of": name, "row": row, "clip": clip_id, "truth": truth}
                    line["text"] = texts.get(clip_id, "")
                    stream.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
