"""Transcribe accepted clips, from subtitles and with a recogniser: ``corpus transcribe``."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.segmentation.ledger.commit import sweep
from corpus_tools.transcription.alignment import AlignmentError, LineAligner
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.guards.flags import Flagger, Thresholds, doubtful_texts
from corpus_tools.transcription.guards.hallucinations import KnownHallucinations
from corpus_tools.transcription.recognised_texts import ClipTranscriber
from corpus_tools.transcription.recognisers.base import (
    Aligner,
    Recogniser,
    RecogniserOptions,
    find_recogniser,
    load_recogniser,
)
from corpus_tools.transcription.store import (
    SourceClips,
    read_source_clips,
    read_transcripts,
    transcript_origin,
)
from corpus_tools.transcription.subtitle_transcripts import (
    has_lines,
    lines_of,
    put_subtitle_texts,
)
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.base.outcome import Failure, Outcome, Progress, no_progress
from manifests.storage.copies import copy_warnings
from manifests.storage.decisions import undecided_warnings
from manifests.storage.records import Transcript
from manifests.storage.store import inside
from models.text.lexicon import prompt_words

__all__ = ["configured_flagger", "configured_recogniser", "transcribe"]

BUNDLED = "sichuan"
"""Name of the bundled lexicon."""


def configured_recogniser(
    settings: TranscribeSettings,
    corpus: Path,
    *,
    download: bool = False,
    announce: Callable[[str], None] = print,
) -> Recogniser:
    """Load the configured recogniser; relative paths in the settings refer to the corpus folder.

    A download of its model must be allowed. Raise CorpusError if it isn't installed, has no model,
    or can't be loaded.
    """
    return load_recogniser(
        settings.recogniser,
        find_recogniser(settings.recogniser),
        RecogniserOptions(
            model=settings.model,
            device=settings.device,
            prompt=settings.prompt,
            lexicon=_lexicon(settings.lexicon, corpus),
            download=download,
            temperatures=settings.temperatures,
            beam_size=settings.beam_size,
            fp16=settings.fp16,
            max_tokens=settings.max_tokens,
            batch_size=settings.batch_size,
            words=settings.used_context == "window",
            announce=announce,
        ),
    )


def configured_flagger(settings: TranscribeSettings, corpus: Path) -> Flagger:
    """Return the configured guards; DataError if the file of hallucinations isn't readable."""
    known = settings.hallucinations
    return Flagger(
        Thresholds(
            settings.max_rate,
            settings.max_compression,
            settings.max_no_speech,
            settings.min_logprob,
            settings.empty_logprob,
            settings.max_repeats,
        ),
        KnownHallucinations.bundled()
        if known is None
        else KnownHallucinations.read(inside(corpus, known)),
        settings.emptying_flags,
        "、".join([*_lexicon(settings.lexicon, corpus), settings.prompt or ""]),
    )


def _lexicon(name: str | None, corpus: Path) -> tuple[str, ...]:
    """Return the words of a lexicon; its path may be relative to the corpus folder."""
    if name is None:
        return ()
    if name == BUNDLED:
        return tuple(prompt_words())
    path = Path(name).expanduser()
    return tuple(prompt_words(path if path.exists() else corpus / path))


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
    """Add all available transcripts to the accepted clips; those of all origins are kept.

    Sources with unchanged clips, subtitles and parameters are skipped. If the recogniser has no
    model, subtitles are still processed, and the failure says how to get one.

    Args:
        workspace: the corpus.
        settings: section [transcribe].
        subtitles_only: use subtitles only, not the recogniser, except to align them.
        scripted: recognise scripted recordings too, in addition to their script.
        download: allow the recogniser to download its model, once announced.
        announce: called with a message before a long wait.
        progress: called with the clips done, their total and the rate.

    Returns:
        Clips as items: kept if they have a text, else rejected as ``no_text`` or ``flagged``.
        ``details``: clips with text by origin, flags, subtitle lines and those that a clip got,
        and sources to recognise by status.
    """
    outcome = Outcome()
    with workspace.lock("transcribe") as lock:
        if lock.broken:
            outcome.warnings.append(lock.broken)
        sweep(workspace.root)
        sources = list(read_source_clips(workspace.root, outcome))
        outcome.warnings += undecided_warnings(workspace.root) + copy_warnings(workspace.root)
        tally = Counter(done=0, unchanged=0, failed=0)
        try:
            flagger = configured_flagger(settings, workspace.root)
        except CorpusError as error:
            outcome.fail(settings.recogniser, str(error))
            flagger = None
        load = cache(
            partial(
                configured_recogniser,
                settings,
                workspace.root,
                download=download,
                announce=announce,
            )
        )
        _put_subtitles(workspace, settings, sources, load, flagger, outcome)
        pending = [
            source for source in sources if source.wanted and (scripted or not source.scripted)
        ]
        if not pending and not subtitles_only and any(source.wanted for source in sources):
            outcome.warnings.append(
                "all clips are of scripted recordings with known texts, so none was "
                "recognised; to recognise them too, add --scripted"
            )
        if pending and not subtitles_only and flagger is not None:
            try:
                transcriber = _clip_transcriber(workspace, settings, load())
                _recognise(transcriber, pending, outcome, tally, progress)
            except CorpusError as error:
                _fail_once(outcome, settings.recogniser, error)
        _count_texts(workspace.root, sources, outcome)
    outcome.details["sources"] = dict(tally)
    if not sources:
        outcome.warnings.append("no clips to transcribe; cut some first with: corpus segment MEDIA")
    return outcome


def _put_subtitles(
    workspace: Workspace,
    settings: TranscribeSettings,
    sources: Sequence[SourceClips],
    load: Callable[[], Recogniser],
    flagger: Flagger | None,
    outcome: Outcome,
) -> None:
    """Store the texts of subtitles, aligned if that is wanted and possible, else by their times.

    Texts that were aligned before outlast a recogniser that fails.
    """
    language = workspace.configuration.corpus.language
    aligner: LineAligner | None = None
    with_lines = [source for source in sources if has_lines(workspace.root, source.source_id)]
    if settings.align and with_lines:
        try:
            recogniser = load()
            if not isinstance(recogniser, Aligner):
                raise ConfigurationError(
                    f"{settings.recogniser} can't align known texts; use --recogniser whisper or "
                    f"faster-whisper, or leave out --align"
                )
            aligner = LineAligner(workspace.root, recogniser, settings.language_in(language))
        except CorpusError as error:
            _fail_once(outcome, settings.recogniser, error)
    put = partial(
        put_subtitle_texts,
        workspace.root,
        language=language,
        flagger=flagger,
        keep_aligned=settings.align,
    )
    for source in sources:
        try:
            try:
                put(source, aligner=aligner)
            except AlignmentError as error:
                aligner = None
                _fail_once(outcome, settings.recogniser, error)
                put(source)
        except DataError as error:
            outcome.fail(source.source_id, str(error))
    if aligner is not None:
        for clip_id, reason in aligner.unreadable.items():
            _fail_once(outcome, clip_id, reason)


def _fail_once(outcome: Outcome, item: str, reason: object) -> None:
    if Failure(item, str(reason)) not in outcome.failures:
        outcome.fail(item, str(reason))


def _clip_transcriber(
    workspace: Workspace, settings: TranscribeSettings, recogniser: Recogniser
) -> ClipTranscriber:
    return ClipTranscriber(
        workspace.root,
        recogniser,
        "whisper" if settings.recogniser == "whisper" else "recogniser",
        settings.language_in(workspace.configuration.corpus.language),
        configured_flagger(settings, workspace.root),
        settings.used_context,
        settings.batch_size,
    )


def _recognise(
    transcriber: ClipTranscriber,
    sources: Sequence[SourceClips],
    outcome: Outcome,
    tally: Counter[str],
    progress: Progress,
) -> None:
    """Recognise the chunks of sources that have a new one."""
    states = {source.source_id: _source_state(transcriber, source, outcome) for source in sources}
    waiting = [
        [source for source in chunk if states[source.source_id] != "failed"]
        for chunk in transcriber.chunks(sources)
        if any(states[source.source_id] == "new" for source in chunk)
    ]
    tally.update(state for state in states.values() if state != "new")
    rate = _RateProgress(sum(len(source.wanted) for chunk in waiting for source in chunk), progress)
    for chunk in waiting:
        done = transcriber.put(chunk, outcome, partial(rate.advance, chunk[-1].source_id))
        new = [source.source_id for source in chunk if states[source.source_id] == "new"]
        tally["done"] += len({*done} & {*new})
        tally["failed"] += len({*new} - {*done})


def _source_state(transcriber: ClipTranscriber, source: SourceClips, outcome: Outcome) -> str:
    try:
        if transcriber.is_current(source):
            return "unchanged"
        return "done" if transcriber.reflag(source) else "new"
    except DataError as error:
        outcome.fail(source.source_id, str(error))
        return "failed"


class _RateProgress:
    """Progress report with the number of clips done and their rate."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total = total
        self._progress = progress
        self._done = 0
        self._since = time.monotonic()

    def advance(self, source_id: str, clips: int) -> None:
        self._done += clips
        rate = self._done / max(time.monotonic() - self._since, 1e-3)
        self._progress(self._done, self._total, f"{rate:.1f} clips/s, {source_id}")


def _count_texts(corpus: Path, sources: Sequence[SourceClips], outcome: Outcome) -> None:
    """Count the wanted clips by text, origin and flags."""
    texts: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    subtitles: list[Transcript] = []
    lines: Counter[str] = Counter({"in": 0, "in_clips": 0})
    for source in sources:
        wanted = {clip.clip_id for clip in source.wanted}
        outcome.items_in += len(wanted)
        try:
            lines.update(_count_lines(corpus, source, outcome))
            records = [
                record
                for record in read_transcripts(corpus, source.source_id)
                if record.clip_id in wanted
            ]
        except DataError as error:
            if Failure(source.source_id, str(error)) not in outcome.failures:
                outcome.fail(source.source_id, str(error))
            continue
        texts.update(transcript_origin(record) for record in records if record.text)
        flags.update(flag for record in records for flag in record.flags)
        subtitles += [record for record in records if record.source in ("subtitle", "ocr")]
        with_text = {record.clip_id for record in records if record.text}
        flagged = {record.clip_id for record in records} - with_text
        outcome.kept += len(with_text)
        outcome.rejected += Counter(
            flagged=len(flagged), no_text=len(wanted) - len(with_text) - len(flagged)
        )
    outcome.details["subtitle_lines"] = dict(lines)
    if warning := doubtful_texts(subtitles, "of subtitles"):
        outcome.warnings.append(warning)
    outcome.details |= {"texts": dict(sorted(texts.items())), "flags": dict(sorted(flags.items()))}


def _count_lines(corpus: Path, source: SourceClips, outcome: Outcome) -> Counter[str]:
    """Count a source's subtitle lines, and those that a clip got; warn if no clip got any."""
    lines = lines_of(corpus, source.source_id, "subtitle")[0]
    lines = lines or lines_of(corpus, source.source_id, "ocr")[0]
    texts = assign_lines(lines, source.clips).values()
    got = sum(len(text.lines) for text in texts)
    if lines and not got:
        outcome.warnings.append(
            f"{source.source_id}: none of its {len(lines)} subtitle lines lies in a clip; check "
            f"whether they belong to it"
        )
    return Counter({"in": len(lines), "in_clips": got})
