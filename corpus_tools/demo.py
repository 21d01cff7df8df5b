"""The whole path once, on the bundled sample, with simulated annotators in the place of people."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.agreement import agreement
from annotation.importing import import_annotations
from annotation.tasks import export_tasks
from corpus_tools.manifest_building import build_from_corpus
from corpus_tools.prediction.files import predict_files
from corpus_tools.recordings.add import add_recordings
from corpus_tools.segmentation.segment import segment
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace import Workspace
from manifests.emotions import EMOTIONS
from manifests.errors import ConfigurationError, CorpusError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.store import write_text
from manifests.versions import find_manifest
from models.prediction import load_model
from models.training.run import train

__all__ = ["Demo", "demo_folder"]

MARK = ".corpus-demo"
"""File that tells a folder made by the demo, which may be made anew, from anybody's corpus."""

SECTIONS = {
    "corpus": {"licence": "cc-by-nc-sa-4.0"},
    "card": {
        "description": "The sample that comes with corpus-tools: two series and a scripted session "
        "constructed from nEMO, acted Polish speech, with synthesised music and noise. "
        "Its annotators are SIMULATED by a script with a stated noise model.",
        "collection": "nEMO: Iwona Christop, LREC-COLING 2024; one episode has lines of CPED.",
        "intended_use": "To see that the path works; not to train or compare models for real use.",
    },
}
"""What the demo's corpus.toml says beyond the defaults."""

Say = Callable[[str, str], None]
"""Told the name of a step and its numbers."""


def demo_folder(folder: Path, again: bool) -> Path:
    """Return an empty folder for the demo.

    Args:
        folder: where; made if missing.
        again: remove what an earlier demo left in it.

    Raises:
        ConfigurationError: if something else is there.
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
    """A run of the path.

    Attributes:
        folder: an empty folder for the corpus.
        sample: the bundled sample.
        say: told each step with its numbers.
        outcome: takes failures and warnings; ``details`` has counts, metrics and agreement.
    """

    folder: Path
    sample: Path
    say: Say
    outcome: Outcome

    def run(
        self, whisper: str | None = None, training: bool = True, progress: Progress = no_progress
    ) -> None:
        """Go the whole path.

        Args:
            whisper: checkpoint for the transcripts; None: subtitles and scripts are the texts.
            training: train a model and let it predict.
            progress: told of the training.
        """
        workspace = Workspace.create(self.folder, "demo", "pl", SECTIONS)
        self._cut(workspace)
        self._transcribe(workspace, whisper)
        self._label(workspace)
        self._build(workspace)
        if training:
            self._train(workspace, progress)

    def _take(self, outcome: Outcome) -> dict[str, Any]:
        self.outcome.failures += outcome.failures
        self.outcome.warnings += outcome.warnings
        return outcome.details

    def _cut(self, workspace: Workspace) -> None:
        configuration = workspace.configuration
        with workspace.lock():
            details = self._take(
                segment(
                    workspace.root,
                    [self.sample / "episodes"],
                    settings=configuration.segment,
                    screen=configuration.screen,
                    language=configuration.corpus.language,
                )
            )
            seconds, clips = sum(details["ledger"].values()), details["clips"]
            kept = details["ledger"].get("accepted", 0.0)
            self.say(
                "segment",
                f"{len(details['sources'])} episodes, {seconds / 60:.1f} min → "
                f"{sum(source['clips'] for source in details['sources'])} clips of 3–5 s, "
                f"{clips['accepted']} accepted ({kept / seconds:.0%} of the time)",
            )
            recordings = self.sample / "recordings"
            added = add_recordings(
                workspace.root,
                recordings / "SCRIPT.csv",
                recordings / "audio",
                series="recordings",
                language=configuration.corpus.language,
                settings=configuration.recordings,
                segment=configuration.segment,
                screen=configuration.screen,
            )
        details = self._take(added)
        self.say(
            "add-recordings",
            f"{details['recordings']} recordings of {len(details['speakers'])} speakers reading "
            f"{details['sentences']} sentences",
        )

    def _transcribe(self, workspace: Workspace, whisper: str | None) -> None:
        settings = workspace.configuration.transcribe
        if whisper is not None:
            settings = settings.model_copy(update={"model": whisper})
        outcome = transcribe(
            workspace,
            settings,
            subtitles_only=whisper is None,
            announce=lambda text: self.say("transcribe", text),
        )
        self._take(outcome)
        how = "no Whisper weights given: texts are from subtitles and the script"
        self.say(
            "transcribe",
            f"{outcome.kept} of {outcome.items_in} clips have a text"
            + (f" ({how})" if whisper is None else f" (with {whisper})"),
        )

    def _label(self, workspace: Workspace) -> None:
        configuration = workspace.configuration
        with workspace.lock():
            exported = export_tasks(
                workspace.root, annotation=configuration.annotation, text=configuration.text
            )
            self._take(exported)
            tasks = exported.outputs[0]
            self.say("export-tasks", f"{exported.kept} tasks for Label Studio in {tasks.name}")
            answers = self._simulate(tasks)
            imported = import_annotations(workspace.root, [answers], server="simulated")
        self._take(imported)
        self.say("import-annotations", f"{imported.kept} judgements of three SIMULATED annotators")
        report, measured = agreement(workspace.root)
        details = self._take(measured)
        self.outcome.details["agreement"] = details["alpha"]
        self.say(
            "agreement",
            f"Krippendorff's α {report.alpha.value:.2f} [{report.alpha.low:.2f}, "
            f"{report.alpha.high:.2f}] over {report.clips['several']} clips",
        )

    def _simulate(self, tasks: Path) -> Path:
        """Let the sample's stand-in for people answer the tasks, as an export of Label Studio."""
        answers = self.folder / "simulated-export.json"
        script = self.sample / "simulate_annotators.py"
        command = [sys.executable, str(script), str(tasks), "--sample", str(self.sample)]
        done = subprocess.run(
            [*command, "--out", str(answers)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CorpusError(f"{script}: {done.stderr.strip() or 'failed'}")
        return answers

    def _build(self, workspace: Workspace) -> None:
        configuration = workspace.configuration
        built = build_from_corpus(workspace, configuration.split, configuration.labels)
        details = self._take(built)["manifest"]
        left = ", ".join(f"{reason} {n}" for reason, n in sorted(built.rejected.items()))
        self.say(
            "build-manifest",
            f"{details['version']}: {built.kept} clips, grouped by "
            f"{' and '.join(details['groups']['by'])}; left out: {left or 'none'}",
        )
        self.outcome.details |= {"table": details["counts"], "manifest": details["version"]}
        folder = find_manifest(workspace.root)
        names = ("manifest.jsonl", "card.md", "classes.png", "splits.png")
        self.outcome.outputs += [folder / name for name in names]

    def _train(self, workspace: Workspace, progress: Progress) -> None:
        run = workspace.runs / "demo"
        trained = train(find_manifest(workspace.root), run, workspace.configuration.train, progress)
        metrics = self._take(trained)["metrics"]
        self.outcome.details["metrics"] = metrics
        self.say(
            "train",
            f"{metrics['train']['n']} clips; accuracy {metrics['train']['accuracy']:.2f} on train, "
            f"{metrics['val']['accuracy']:.2f} on val",
        )
        episode = min((self.sample / "episodes").rglob("*.mp4"))
        rows, outcome = predict_files(load_model(run), [episode])
        self._take(outcome)
        told = [
            EMOTIONS[segment.probabilities.index(max(segment.probabilities))]
            for row in rows
            for segment in row.segments
        ]
        self.say("predict", f"{episode.name}: {' '.join(told)}")
        self.outcome.outputs += [run / "metrics.json", *sorted((run / "plots").glob("*.png"))]
