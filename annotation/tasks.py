"""Label Studio tasks for the clips that nobody was asked about yet."""

from pathlib import Path
from urllib.parse import quote, urlsplit

from annotation.batches import batch_path, next_batch, tasked_clips, write_batch
from annotation.label_config import label_config
from annotation.settings import AnnotationSettings
from manifests.errors import ConfigurationError, DataError
from manifests.outcome import Outcome
from manifests.records import Clip, Screen, Transcript
from manifests.settings import TextSettings
from manifests.shards import STAGES, read_stage
from manifests.store import fingerprint, inside, write_text
from manifests.texts import best_transcripts

__all__ = ["audio_address", "export_tasks"]

CLIPS = "clips/"


def export_tasks(
    corpus: Path,
    *,
    batch: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    audio_base_url: str | None = None,
    annotation: AnnotationSettings | None = None,
    text: TextSettings | None = None,
) -> Outcome:
    """Write a batch of tasks, and the label configuration, for Label Studio to import.

    In it is every clip that was accepted, is not superseded and that no earlier batch names; in an
    order that the seed shuffles, so that nobody follows the plot. Nothing that hints at the emotion
    is in a task.

    Args:
        corpus: the corpus folder.
        batch: what to call it; default: the next of ``batch-0001``, ``batch-0002``, …
        limit: at most so many tasks; the rest stays for the next batch.
        seed: settles the order.
        audio_base_url: where the folder ``clips`` is served over HTTP; default: Label Studio's
            own local files, with the corpus folder as document root.
        annotation: section [annotation] of corpus.toml.
        text: section [text] of corpus.toml.

    Raises:
        ConfigurationError: if the batch exists, or an argument or the label configuration is bad.
        DataError: if a shard or an earlier batch can't be read.
    """
    if limit is not None and limit < 1:
        raise ConfigurationError(f"--limit {limit}: at least one task is needed")
    _check_base_url(audio_base_url)
    name = batch or next_batch(corpus)
    path = batch_path(corpus, name)
    screen = label_config(corpus, annotation or AnnotationSettings())
    outcome = Outcome(details={"batch": None, "tasks": 0})
    clips = _shuffled(_unasked(corpus, outcome), seed)
    if limit is not None and len(clips) > limit:
        outcome.rejected["over the limit"] += len(clips) - limit
        clips = clips[:limit]
    if not clips:
        outcome.warnings.append(
            "no accepted clip is left that no earlier batch names; nothing was written"
        )
        return outcome
    texts = best_transcripts(corpus, (text or TextSettings()).order)
    write_batch(
        path,
        [{"data": _task(clip, texts.get(clip.clip_id), name, audio_base_url)} for clip in clips],
    )
    configuration = path.parent / "label_config.xml"
    write_text(configuration, screen)
    outcome.kept = len(clips)
    outcome.outputs += [path, configuration]
    outcome.details |= {"batch": name, "tasks": len(clips)}
    return outcome


def audio_address(clip_path: str, audio_base_url: str | None = None) -> str:
    """Return where an annotator's browser finds a clip.

    Args:
        clip_path: relative to the corpus folder, below ``clips/``.
        audio_base_url: where the folder ``clips`` is served; default: Label Studio's local files.

    Example:
        >>> audio_address("clips/剧 1/a.wav")
        '/data/local-files/?d=clips/%E5%89%A7%201/a.wav'
        >>> audio_address("clips/s/a.wav", "https://lab.example/audio/")
        'https://lab.example/audio/s/a.wav'
    """
    if audio_base_url is None:
        return f"/data/local-files/?d={quote(clip_path)}"
    return f"{audio_base_url.rstrip('/')}/{quote(clip_path.removeprefix(CLIPS))}"


def _check_base_url(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(
            f"--audio-base-url {url!r}: give the plain http:// or https:// address under which "
            f"the folder clips is served"
        )


def _unasked(corpus: Path, outcome: Outcome) -> list[Clip]:
    accepted = {row.clip_id: row.accepted for row in read_stage(corpus, STAGES["screen"], Screen)}
    named = tasked_clips(corpus)
    clips = []
    for clip in read_stage(corpus, STAGES["segments"], Clip):
        outcome.items_in += 1
        reason = _reason(clip, accepted.get(clip.clip_id), clip.clip_id in named)
        if reason:
            outcome.rejected[reason] += 1
        elif _has_file(corpus, clip, outcome):
            clips.append(clip)
    return clips


def _reason(clip: Clip, accepted: bool | None, named: bool) -> str | None:
    if named:
        return "in an earlier batch"
    if clip.superseded_by is not None:
        return "superseded"
    if accepted is None:
        return "not screened"
    if accepted:
        return None
    return "duplicate" if clip.duplicate_of is not None else "not accepted"


def _has_file(corpus: Path, clip: Clip, outcome: Outcome) -> bool:
    try:
        found = clip.path.startswith(CLIPS) and inside(corpus, clip.path).is_file()
    except DataError as error:
        outcome.fail(clip.clip_id, str(error))
        return False
    if not found:
        outcome.fail(clip.clip_id, f"its file {clip.path} is missing; run corpus segment again")
    return found


def _shuffled(clips: list[Clip], seed: int) -> list[Clip]:
    """Order by a keyed hash: unrelated to time and source, and the same on every machine."""
    return sorted(clips, key=lambda clip: fingerprint([seed, clip.clip_id]))


def _task(
    clip: Clip, transcript: Transcript | None, batch: str, audio_base_url: str | None
) -> dict[str, str]:
    return {
        "clip_id": clip.clip_id,
        "audio": audio_address(clip.path, audio_base_url),
        "asr_text": transcript.text if transcript else "",
        "asr_flags": ", ".join(transcript.flags).replace("_", " ") if transcript else "",
        "context": "",
        "batch": batch,
    }
