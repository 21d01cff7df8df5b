"""`corpus transcribe`: text for every accepted clip, from subtitles and from a recogniser."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from corpus_tools.segmentation.publish import sweep
from corpus_tools.transcription.configured import configured_flagger, configured_recogniser
from corpus_tools.transcription.material import SourceClips, read_source_clips
from corpus_tools.transcription.recognised_texts import ClipTranscriber
from corpus_tools.transcription.settings import TranscribeSettings
from corpus_tools.transcription.store import read_transcripts, transcript_origin
from corpus_tools.transcription.subtitle_texts import put_subtitle_texts
from corpus_tools.workspace import Workspace
from manifests.errors import CorpusError, DataError
from manifests.outcome import Failure, Outcome, Progress, no_progress

__all__ = ["transcribe"]


def transcribe(
    workspace: Workspace,
    settings: TranscribeSettings,
    *,
    subtitles_only: bool = False,
    scripted: bool = False,
    download: bool = False,
    announce: Callable[[str], None] = print,
    progress: Progress = no_progress,
) -> Outcome:
    """Give every accepted clip the texts that can be had for it; they live side by side.

    Sources whose clips, subtitles and parameters are unchanged are skipped. If the recogniser has
    no model, the subtitles are still done and the failure says how to get one.

    Args:
        workspace: the corpus.
        settings: section [transcribe].
        subtitles_only: leave the recogniser out.
        scripted: let the recogniser hear scripted recordings too, beside their script.
        download: let it fetch its model, once announced.
        announce: told what the user should know before a long wait.
        progress: told clips done, in all, and how many a second.

    Returns:
        Clips as items: kept if they have a text now, rejected as ``no_text`` or ``flagged``.
        ``details``: clips with text by origin, flags, and what became of the
        sources that the recogniser was to hear.
    """
    outcome = Outcome()
    with workspace.lock() as lock:
        if lock.broken:
            outcome.warnings.append(lock.broken)
        sweep(workspace.root)
        material = list(read_source_clips(workspace.root, outcome))
        tally = Counter(done=0, unchanged=0, failed=0)
        for one in material:
            try:
                put_subtitle_texts(workspace.root, one, workspace.configuration.corpus.language)
            except DataError as error:
                outcome.fail(one.source_id, str(error))
        heard = [one for one in material if one.wanted and (scripted or not one.scripted)]
        if heard and not subtitles_only:
            try:
                texts = _recognised_texts(workspace, settings, download, announce)
                _recognise(texts, heard, outcome, tally, progress)
            except CorpusError as error:
                outcome.fail(settings.recogniser, str(error))
        _account(workspace.root, material, outcome)
    outcome.details["sources"] = dict(tally)
    if not material:
        outcome.warnings.append("no clips to transcribe; cut some first with: corpus segment MEDIA")
    return outcome


def _recognised_texts(
    workspace: Workspace,
    settings: TranscribeSettings,
    download: bool,
    announce: Callable[[str], None],
) -> ClipTranscriber:
    recogniser = configured_recogniser(
        settings, workspace.root, download=download, announce=announce
    )
    return ClipTranscriber(
        workspace.root,
        recogniser,
        "whisper" if settings.recogniser == "whisper" else "recogniser",
        settings.language or workspace.configuration.corpus.language,
        configured_flagger(settings, workspace.root),
        settings.context,
        settings.batch_size,
    )


def _recognise(
    texts: ClipTranscriber,
    material: Sequence[SourceClips],
    outcome: Outcome,
    tally: Counter[str],
    progress: Progress,
) -> None:
    """Let every source be heard that hasn't been; all of a chunk, if one of it hasn't."""
    states = {one.source_id: _state(texts, one, outcome) for one in material}
    waiting = [
        [one for one in chunk if states[one.source_id] != "failed"]
        for chunk in texts.chunks(material)
        if any(states[one.source_id] == "new" for one in chunk)
    ]
    tally.update(state for state in states.values() if state != "new")
    pace = _Pace(sum(len(one.wanted) for chunk in waiting for one in chunk), progress)
    for chunk in waiting:
        done = texts.put(chunk, outcome, partial(pace.advance, chunk[-1].source_id))
        new = [one.source_id for one in chunk if states[one.source_id] == "new"]
        tally["done"] += len({*done} & {*new})
        tally["failed"] += len({*new} - {*done})


def _state(texts: ClipTranscriber, material: SourceClips, outcome: Outcome) -> str:
    try:
        if texts.is_current(material):
            return "unchanged"
        return "done" if texts.reflag(material) else "new"
    except DataError as error:
        outcome.fail(material.source_id, str(error))
        return "failed"


class _Pace:
    """Tells how many clips are done, and how many a second."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total = total
        self._progress = progress
        self._done = 0
        self._since = time.monotonic()

    def advance(self, source_id: str, clips: int) -> None:
        self._done += clips
        rate = self._done / max(time.monotonic() - self._since, 1e-3)
        self._progress(self._done, self._total, f"{rate:.1f} clips/s, {source_id}")


def _account(corpus: Path, material: Sequence[SourceClips], outcome: Outcome) -> None:
    """Count the wanted clips by what they have now."""
    texts: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for one in material:
        wanted = {clip.clip_id for clip in one.wanted}
        outcome.items_in += len(wanted)
        try:
            records = [
                record
                for record in read_transcripts(corpus, one.source_id)
                if record.clip_id in wanted
            ]
        except DataError as error:
            if Failure(one.source_id, str(error)) not in outcome.failures:
                outcome.fail(one.source_id, str(error))
            continue
        texts.update(transcript_origin(record) for record in records if record.text)
        flags.update(flag for record in records for flag in record.flags)
        with_text = {record.clip_id for record in records if record.text}
        flagged = {record.clip_id for record in records} - with_text
        outcome.kept += len(with_text)
        outcome.rejected += Counter(
            flagged=len(flagged), no_text=len(wanted) - len(with_text) - len(flagged)
        )
    outcome.details |= {"texts": dict(sorted(texts.items())), "flags": dict(sorted(flags.items()))}
