"""Demo of the whole pipeline on the bundled sample, with simulated annotators."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.reliability.measure import measure_agreement
from corpus_tools.api.corpus import Corpus
from corpus_tools.prediction.predict import predict_files
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, CorpusError
from manifests.base.outcome import Outcome, Progress, counted, no_progress
from manifests.storage.store import write_text
from manifests.versions.manifest import find_manifest
from models.prediction import load_model
from models.training.run import train

__all__ = ["Demo", "demo_folder"]

MARK = ".corpus-demo"
"""File that marks a folder as made by the demo, so that it may be replaced."""

SECTIONS = {
    "corpus": {"licence": "cc-by-nc-sa-4.0"},
    "card": {
        "description": "The sample that comes with corpus-tools: two series and a scripted session "
        "constructed from nEMO, acted Polish speech, with synthesised music and noise. "
        "Its annotators are SIMULATED by a script with a stated noise model.",
        "collection": "nEMO: Iwona Christop, LREC-COLING 2024; one episode has lines of CPED.",
        "intended_use": "To test the pipeline; not to train or compare models for real use.",
    },
}
"""Settings of the demo's corpus.toml other than the defaults."""

Report = Callable[[str, str], None]
"""Callback that receives the name of a step and its numbers."""


def demo_folder(folder: Path, again: bool) -> Path:
    """Return an empty folder for the demo.

    Args:
        folder: path of the folder, created if missing.
        again: whether to delete an earlier demo in it.

    Raises:
        ConfigurationError: if the folder holds anything else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise ConfigurationError(f"{folder} is not empty; name another folder for the demo")
        if not again:
            raise ConfigurationError(
                f"{folder} holds an earlier demo; name another folder, or replace it with --again"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARK, "made by: corpus demo\n")
    return folder


@dataclass
class Demo:
    """Run of the pipeline.

    Attributes:
        folder: empty folder for the corpus.
        sample: folder of the bundled sample.
        report: callback for each step and its numbers.
        outcome: receives failures and warnings; ``details`` holds counts, metrics and agreement.
    """

    folder: Path
    sample: Path
    report: Report
    outcome: Outcome

    def run(
        self, whisper: str | None = None, training: bool = True, progress: Progress = no_progress
    ) -> None:
        """Run the whole pipeline.

        Args:
            whisper: Whisper checkpoint for the transcripts; None: use subtitles and the script.
            training: whether to train a model and predict with it.
            progress: progress of the training.
        """
        corpus = Corpus(
            Workspace.create(self.folder, "demo", "pl", SECTIONS),
            announce=lambda text: self.report("transcribe", text),
        )
        self._cut(corpus)
        self._transcribe(corpus, whisper)
        self._label(corpus)
        self._build(corpus)
        if training:
            self._train(corpus.workspace, progress)

    def _merge(self, outcome: Outcome) -> dict[str, Any]:
        self.outcome.failures += outcome.failures
        self.outcome.warnings += outcome.warnings
        return outcome.details

    def _cut(self, corpus: Corpus) -> None:
        details = self._merge(corpus.segment(self.sample / "episodes"))
        seconds, clips = sum(details["ledger"].values()), details["clips"]
        kept = details["ledger"].get("accepted", 0.0)
        self.report(
            "segment",
            f"{len(details['sources'])} episodes, {seconds / 60:.1f} min → "
            f"{sum(source['clips'] for source in details['sources'])} clips of 3–5 s, "
            f"{clips['accepted']} accepted ({kept / seconds:.0%} of the time)",
        )
        recordings = self.sample / "recordings"
        added = corpus.add_recordings(
            recordings / "SCRIPT.csv", recordings / "audio", series="recordings"
        )
        details = self._merge(added)
        self.report(
            "add-recordings",
            f"{counted(details['recordings'], 'recording')} of "
            f"{counted(len(details['speakers']), 'speaker')} reading "
            f"{counted(details['sentences'], 'sentence')}",
        )

    def _transcribe(self, corpus: Corpus, whisper: str | None) -> None:
        outcome = corpus.transcribe(subtitles_only=whisper is None, model=whisper)
        self._merge(outcome)
        without = "no Whisper weights given: texts from subtitles and the script"
        self.report(
            "transcribe",
            f"{outcome.kept} of {counted(outcome.items_in, 'clip')} have a text"
            + (f" ({without})" if whisper is None else f" (with {whisper})"),
        )

    def _label(self, corpus: Corpus) -> None:
        exported = corpus.export_tasks(context=False)
        self._merge(exported)
        tasks = exported.outputs[0]
        self.report(
            "export-tasks", f"{counted(exported.kept, 'task')} for Label Studio in {tasks.name}"
        )
        imported = corpus.import_annotations(self._simulate(tasks), server="simulated")
        self._merge(imported)
        self.report(
            "import-annotations",
            f"{counted(imported.kept, 'judgement')} of three SIMULATED annotators",
        )
        report, measured = measure_agreement(corpus.path)
        details = self._merge(measured)
        self.outcome.details["agreement"] = details["alpha"]
        self.report(
            "agreement",
            f"Krippendorff's α {report.alpha.value:.2f} [{report.alpha.low:.2f}, "
            f"{report.alpha.high:.2f}] over {counted(report.clips['several'], 'clip')}",
        )

    def _simulate(self, tasks: Path) -> Path:
        """Simulate answers to the tasks; return them as a Label Studio export."""
        answers = self.folder / "simulated-export.json"
        script = self.sample / "simulate_annotators.py"
        command = [sys.executable, str(script), str(tasks), "--sample", str(self.sample)]
        process = subprocess.run(
            [*command, "--out", str(answers)], capture_output=True, text=True, check=False
        )
        if process.returncode:
            raise CorpusError(f"{script}: {process.stderr.strip() or 'failed'}")
        return answers

    def _build(self, corpus: Corpus) -> None:
        built = corpus.build_manifest()
        details = self._merge(built)["manifest"]
        rejected = ", ".join(f"{reason} {n}" for reason, n in sorted(built.rejected.items()))
        self.report(
            "build-manifest",
            f"{details['version']}: {counted(built.kept, 'clip')}, grouped by "
            f"{' and '.join(details['groups']['by'])}; left out: {rejected or 'none'}",
        )
        self.outcome.details |= {"table": details["counts"], "manifest": details["version"]}
        folder = find_manifest(corpus.path)
        names = ("manifest.jsonl", "card.md", "classes.png", "splits.png")
        self.outcome.outputs += [folder / name for name in names]

    def _train(self, workspace: Workspace, progress: Progress) -> None:
        run = workspace.runs / "demo"
        trained = train(find_manifest(workspace.root), run, workspace.configuration.train, progress)
        metrics = self._merge(trained)["metrics"]
        self.outcome.details["metrics"] = metrics
        self.report(
            "train",
            f"{counted(metrics['train']['n'], 'clip')}; accuracy "
            f"{metrics['train']['accuracy']:.2f} on train, "
            f"{metrics['val']['accuracy']:.2f} on val",
        )
        episode = min((self.sample / "episodes").rglob("*.mp4"))
        rows, outcome = predict_files(load_model(run), [episode])
        self._merge(outcome)
        predicted = [
            EMOTIONS[segment.probabilities.index(max(segment.probabilities))]
            for row in rows
            for segment in row.segments
        ]
        self.report("predict", f"{episode.name}: {' '.join(predicted)}")
        self.outcome.outputs += [run / "metrics.json", *sorted((run / "plots").glob("*.png"))]
