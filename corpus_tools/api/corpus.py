"""Corpus folder as an object with a method for each step."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from corpus_tools.workspace.workspace import Workspace
from manifests.base.outcome import Outcome, Progress, no_progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Corpus"]

PathName = str | PathLike[str]
T = TypeVar("T")


def _discard(text: str) -> None:
    """Print nothing."""


class Corpus:
    """Corpus folder; each method does what the command of its name does.

    Every step takes the settings of corpus.toml; keyword arguments named like the keys of its
    section change them for the call. A step returns an `Outcome`: its failures don't raise, errors
    that stop it raise a `manifests.base.errors.CorpusError`.

    Attributes:
        workspace: folder, configuration and lock.
        announce: receives messages before long waits and about stale locks.

    Example:
        >>> import tempfile
        >>> corpus = Corpus.create(tempfile.mkdtemp(), name="demo")
        >>> Corpus.open(corpus.path).clips().empty
        True
    """

    def __init__(self, workspace: Workspace, announce: Callable[[str], None] = _discard) -> None:
        self.workspace, self.announce = workspace, announce

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @classmethod
    def create(cls, path: PathName, *, name: str | None = None, language: str = "zh") -> Self:
        """Create a corpus folder.

        Args:
            path: the folder, created if missing.
            name: name of the corpus; default: that of the folder.
            language: spoken language, by code or name; ``zh`` for Sichuan dialect.

        Raises:
            ConfigurationError: if the folder is a corpus already, or the language is unknown.
        """
        folder = Path(path)
        return cls(Workspace.create(folder, name or folder.resolve().name, language))

    @classmethod
    def open(
        cls, path: PathName | None = None, *, announce: Callable[[str], None] = _discard
    ) -> Self:
        """Open a corpus folder; default: the nearest one from the current folder upwards.

        Raises:
            ConfigurationError: if there is none.
        """
        return cls(Workspace.find(None if path is None else Path(path)), announce)

    @property
    def path(self) -> Path:
        """The corpus folder."""
        return self.workspace.root

    @contextmanager
    def _locked(self, command: str) -> Iterator[None]:
        with self.workspace.lock(command) as lock:
            if lock.broken:
                self.announce(lock.broken)
            yield

    def segment(
        self,
        *media: PathName,
        series: str | None = None,
        track: int | None = None,
        channel: Literal["left", "right", "mix"] | None = None,
        regions: PathName | None = None,
        recut: Collection[str] = (),
        workers: int = 1,
        progress: Progress = no_progress,
        **settings: Any,
    ) -> Outcome:
        """Cut films and audio files into screened clips.

        Args and result: see `corpus_tools.segmentation.segment.segment`; ``settings`` are keys of
        section [segment], e.g. ``max_seconds=6``.
        """
        from corpus_tools.configuration.overrides import with_overrides
        from corpus_tools.segmentation.segment import segment

        configuration = self.workspace.configuration
        section = with_overrides(configuration.segment, **settings)
        with self._locked("segment"):
            return segment(
                self.path,
                [Path(path) for path in media],
                settings=section,
                screen=configuration.screen,
                series=series,
                track=track,
                channel=channel,
                regions=None if regions is None else Path(regions),
                recut=recut,
                language=configuration.corpus.language,
                workers=workers,
                progress=progress,
            )

    def add_recordings(
        self,
        script: PathName,
        folder: PathName,
        *,
        series: str | None = None,
        texts: PathName | None = None,
        recognise: bool = False,
        model: str | None = None,
        download: bool = False,
        recut: Collection[str] = (),
        track: int | None = None,
        channel: Literal["left", "right", "mix"] | None = None,
        progress: Progress = no_progress,
        **settings: Any,
    ) -> Outcome:
        """Add recordings of a script; each line becomes a clip with its speaker and text.

        Args and result: see `corpus_tools.recordings.add.add_recordings`, and for the transcripts
        of long takes `corpus_tools.recordings.takes.recognised.transcript_source`; ``settings`` are
        keys of section [recordings].
        """
        from corpus_tools.configuration.overrides import with_overrides
        from corpus_tools.recordings.add import add_recordings
        from corpus_tools.recordings.takes.recognised import transcript_source

        configuration = self.workspace.configuration
        section = with_overrides(configuration.recordings, **settings)
        transcripts = transcript_source(
            None if texts is None else Path(texts),
            recognise,
            self.workspace,
            self.announce,
            model=model,
            download=download,
        )
        with self._locked("add-recordings"):
            return add_recordings(
                self.path,
                Path(script),
                Path(folder),
                settings=section,
                segment=configuration.segment,
                screen=configuration.screen,
                series=series,
                language=configuration.corpus.language,
                transcripts=transcripts,
                recut=recut,
                track=track,
                channel=channel,
                progress=progress,
            )

    def read_subtitles(
        self,
        *media: PathName,
        band: str | None = None,
        track: int | None = None,
        channel: Literal["left", "right", "mix"] | None = None,
        progress: Progress = no_progress,
    ) -> Outcome:
        """Read the subtitles in the picture of films, for cuts and for texts with source ``ocr``.

        Args and result: see `corpus_tools.burned_in.read_subtitles.read_subtitles`; ``band`` is
        its top and bottom, as in ``"0.8,0.97"``.
        """
        from corpus_tools.burned_in.read_subtitles import parse_band, read_subtitles

        shares = None if band is None else parse_band(band)
        with self._locked("read-subtitles"):
            return read_subtitles(
                self.path,
                [Path(path) for path in media],
                band=shares,
                track=track,
                channel=channel,
                language=self.workspace.configuration.corpus.language,
                progress=progress,
            )

    def transcribe(
        self,
        *,
        subtitles_only: bool = False,
        scripted: bool = False,
        download: bool = False,
        progress: Progress = no_progress,
        **settings: Any,
    ) -> Outcome:
        """Transcribe the accepted clips, from subtitles and with the recogniser.

        Args and result: see `corpus_tools.transcription.transcribe.transcribe`; ``settings`` are
        keys of section [transcribe], e.g. ``model="small"``.
        """
        from corpus_tools.configuration.overrides import with_overrides
        from corpus_tools.transcription.transcribe import transcribe

        return transcribe(
            self.workspace,
            with_overrides(self.workspace.configuration.transcribe, **settings),
            subtitles_only=subtitles_only,
            scripted=scripted,
            download=download,
            announce=self.announce,
            progress=progress,
        )

    def combine_transcripts(self, *, progress: Progress = no_progress) -> Outcome:
        """Vote on the texts of each clip that has several, with the share as confidence.

        Args and result: see `corpus_tools.transcription.combine.combine_transcripts`.
        """
        from corpus_tools.transcription.combine import combine_transcripts

        return combine_transcripts(self.workspace, progress=progress)

    def export_tasks(self, *, progress: Progress = no_progress, **options: Any) -> Outcome:
        """Write a batch of Label Studio tasks for clips that have none.

        Args and result: ``options`` are the fields of
        `corpus_tools.assembly.task_batches.BatchOptions`, e.g. ``limit=200``.
        """
        from corpus_tools.assembly.task_batches import BatchOptions, export_batch

        with self._locked("export-tasks"):
            return export_batch(self.workspace, BatchOptions(**options), progress)

    def import_annotations(
        self,
        *files: PathName,
        server: str = "label-studio",
        nameless: str | None = None,
        progress: Progress = no_progress,
    ) -> Outcome:
        """Import judgements from Label Studio's JSON exports.

        Args and result: see `annotation.judgements.importing.import_annotations`.
        """
        from annotation.judgements.importing import import_annotations

        paths = [Path(file) for file in files]
        with self._locked("import-annotations"):
            return import_annotations(
                self.path, paths, server=server, nameless=nameless, progress=progress
            )

    def build_manifest(
        self,
        *,
        resplit: bool = False,
        min_votes: int | None = None,
        min_text_confidence: float | None = None,
        progress: Progress = no_progress,
        **settings: Any,
    ) -> Outcome:
        """Write the next version of the manifest: labelled clips, split without leakage.

        Args:
            resplit: whether to ignore the splits of the newest version.
            min_votes: minimum number of answers per clip; default: that of corpus.toml.
            min_text_confidence: minimum share of the vote of a combined text; default: the same.
            progress: called after each clip.
            settings: keys of section [split], e.g. ``group_by="speaker"``.

        Returns:
            Result of `corpus_tools.assembly.manifest.build_from_corpus`.
        """
        from corpus_tools.assembly.manifest import build_from_corpus
        from corpus_tools.configuration.overrides import with_overrides

        configuration = self.workspace.configuration
        return build_from_corpus(
            self.workspace,
            with_overrides(configuration.split, **settings),
            with_overrides(configuration.labels, min_votes=min_votes),
            text=with_overrides(configuration.text, min_confidence=min_text_confidence),
            resplit=resplit,
            progress=progress,
        )

    def status(self) -> dict[str, Any]:
        """Return the counts of each stage, see `corpus_tools.inspection.status.survey`.

        Beside commands that change the corpus it is read again, as by the command; ``announce``
        receives the names of those still at work.
        """
        from corpus_tools.inspection.status import survey

        return self._read(
            "status", lambda: survey(self.workspace), lambda found: bool(found["problems"])
        )

    def verify(self, *, quick: bool = False, progress: Progress = no_progress) -> Outcome:
        """Check every file that a step wrote, see `corpus_tools.inspection.verify.verify_corpus`.

        Beside commands that change the corpus it is read again, as `status`.

        Args:
            quick: whether to leave out the sound of the clips.
            progress: called after each clip.
        """
        from corpus_tools.inspection.verify import verify_corpus

        return self._read(
            "verify",
            lambda: verify_corpus(self.workspace, quick=quick, progress=progress),
            lambda checked: not checked.ok,
        )

    def _read(self, command: str, read: Callable[[], T], is_bad: Callable[[T], bool]) -> T:
        from manifests.access.reading import read_beside_others, still_changing

        result, others = read_beside_others(self.path, command, read, is_bad)
        for other in others:
            self.announce(still_changing(other, command))
        return result

    def clips(self) -> "pd.DataFrame":
        """Return one row per clip, in order of their ids.

        Columns: the fields of `manifests.storage.records.Clip`, then ``accepted``, ``text`` and
        ``text_source`` (the transcript that a manifest would get) and ``emotion`` (the label by the
        votes so far); the last three are None where there is none.
        """
        import pandas as pd

        from annotation.judgements.store import corrected_transcripts
        from annotation.labels.aggregate import aggregated_labels
        from corpus_tools.assembly.manifest import accepted_clips
        from manifests.building.selection import best_transcripts, choose_texts
        from manifests.storage.records import Clip
        from manifests.storage.shards import STAGES, read_stage

        configuration = self.workspace.configuration
        clips = {clip.clip_id: clip for clip in read_stage(self.path, STAGES["segments"], Clip)}
        accepted = {clip.clip_id for clip in accepted_clips(self.path, clips)}
        order = configuration.text.order
        texts = choose_texts(
            best_transcripts(self.path, order), corrected_transcripts(self.path), order
        )
        labels = aggregated_labels(self.path, configuration.labels)
        rows = []
        for name, clip in sorted(clips.items()):
            text, source = texts.get(name, (None, None))
            emotion = labels[name].emotion if name in labels else None
            rows.append(
                clip.row()
                | {"accepted": name in accepted, "text": text, "text_source": source}
                | {"emotion": emotion}
            )
        columns = [*Clip.fields(), "accepted", "text", "text_source", "emotion"]
        return pd.DataFrame(rows, columns=columns)
