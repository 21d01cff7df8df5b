"""`corpus transcribe`: text for every accepted clip, from subtitles and from a recogniser."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus_tools.transcription.guards import Thresholds
from corpus_tools.transcription.material import SourceClips, read_material
from corpus_tools.transcription.recognised_texts import RecognisedTexts
from corpus_tools.transcription.recogniser import Recogniser, RecogniserOptions, find_recogniser
from corpus_tools.transcription.settings import TranscribeSettings
from corpus_tools.transcription.store import STAGE, origin_of
from corpus_tools.transcription.subtitle_texts import put_subtitle_texts
from corpus_tools.workspace import Workspace
from manifests.errors import CorpusError, DataError
from manifests.outcome import Failure, Outcome, Progress, no_progress
from manifests.records import Transcript
from manifests.shards import read_shard

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
        progress: told clips done and in all.

    Returns:
        Clips as items: kept if they have a text now, rejected as ``no_text`` or ``flagged``.
        ``details``: clips with text by origin, flags, and what became of the
        sources that the recogniser was to hear.
    """
    outcome = Outcome()
    with workspace.lock() as lock:
        if lock.broken:
            outcome.warnings.append(lock.broken)
        material = list(read_material(workspace.root, outcome))
        tally = Counter(done=0, unchanged=0, failed=0)
        for one in material:
            try:
                put_subtitle_texts(workspace.root, one)
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
) -> RecognisedTexts:
    factory = find_recogniser(settings.recogniser)
    recogniser: Recogniser = factory(
        RecogniserOptions(
            model=settings.model,
            device=settings.device,
            prompt=settings.prompt,
            download=download,
            temperatures=settings.temperatures,
            max_tokens=settings.max_tokens,
            batch_size=settings.batch_size,
            announce=announce,
        )
    )
    return RecognisedTexts(
        workspace.root,
        recogniser,
        "whisper" if settings.recogniser == "whisper" else "recogniser",
        settings.language or workspace.configuration.corpus.language,
        Thresholds(
            settings.max_rate,
            settings.max_compression,
            settings.max_no_speech,
            settings.min_logprob,
        ),
    )


def _recognise(
    texts: RecognisedTexts,
    material: Sequence[SourceClips],
    outcome: Outcome,
    tally: Counter[str],
    progress: Progress,
) -> None:
    total = sum(len(one.wanted) for one in material)
    done = 0
    for one in material:
        tally[_recognise_source(texts, one, outcome)] += 1
        done += len(one.wanted)
        progress(done, total, one.source_id)


def _recognise_source(texts: RecognisedTexts, material: SourceClips, outcome: Outcome) -> str:
    try:
        current = texts.is_current(material)
    except DataError as error:
        outcome.fail(material.source_id, str(error))
        return "failed"
    if current:
        return "unchanged"
    texts.put(material, outcome)
    return "done"


def _account(corpus: Path, material: Sequence[SourceClips], outcome: Outcome) -> None:
    """Count the wanted clips by what they have now."""
    texts: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for one in material:
        wanted = {clip.clip_id for clip in one.wanted}
        outcome.items_in += len(wanted)
        try:
            records = [record for record in _texts(corpus, one) if record.clip_id in wanted]
        except DataError as error:
            if Failure(one.source_id, str(error)) not in outcome.failures:
                outcome.fail(one.source_id, str(error))
            continue
        texts.update(origin_of(record) for record in records if record.text)
        flags.update(flag for record in records for flag in record.flags)
        with_text = {record.clip_id for record in records if record.text}
        flagged = {record.clip_id for record in records} - with_text
        outcome.kept += len(with_text)
        outcome.rejected += Counter(
            flagged=len(flagged), no_text=len(wanted) - len(with_text) - len(flagged)
        )
    outcome.details |= {"texts": dict(sorted(texts.items())), "flags": dict(sorted(flags.items()))}


def _texts(corpus: Path, material: SourceClips) -> list[Transcript]:
    path = STAGE.path(corpus, material.source_id)
    return read_shard(path, Transcript) if path.exists() else []
