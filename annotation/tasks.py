"""Label Studio tasks for the clips that nobody was asked about yet."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from annotation.answers import quoted
from annotation.batches import Row, batch_path, next_batch, write_assigned, write_batch
from annotation.garbage import gc_paused
from annotation.gold import gold_path, read_gold
from annotation.label_config import label_config
from annotation.offers import Candidates
from annotation.panel import Panel
from annotation.plans import Plan
from annotation.settings import AnnotationSettings
from annotation.task_lists import TaskLists, hash_order, make_task_lists
from annotation.task_rows import FindContext, audio_address, check_base_url, task_builder
from manifests.errors import ConfigurationError
from manifests.outcome import Outcome
from manifests.settings import TextSettings
from manifests.store import write_text

__all__ = ["Ranking", "apply_limit", "audio_address", "check_limit", "export_tasks", "write_lists"]

Ranking = Callable[[Sequence[str]], list[str]]
"""Puts the clips first that are to be labelled first, by id."""


@gc_paused()
def export_tasks(
    corpus: Path,
    *,
    batch: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    panel: Panel | None = None,
    ranking: Ranking | None = None,
    pre_annotations: Mapping[str, Sequence[float]] | None = None,
    context: FindContext | None = None,
    audio_base_url: str | None = None,
    annotation: AnnotationSettings | None = None,
    text: TextSettings | None = None,
) -> Outcome:
    """Write a batch of tasks, and the label configuration, for Label Studio to import.

    In it is every clip that was accepted, is not superseded and that no earlier batch names; in an
    order that the seed shuffles, so that nobody follows the plot. Nothing that hints at the emotion
    is in a task, unless pre-annotations are asked for.

    With a panel each annotator has a list of their own, in an order of their own, with gold clips
    of annotations/gold.csv among the others that they have not met before; ``details`` then has
    ``annotators`` with how many ``tasks`` and ``gold`` each has.

    Args:
        corpus: the corpus folder.
        batch: what to call it; default: the next of ``batch-0001``, ``batch-0002``, …
        limit: at most so many clips, gold apart; the rest stays for the next batch.
        seed: settles assignment and order.
        panel: the annotators to share the clips among; default: one list for all.
        ranking: puts the clips in order instead, and everybody's tasks stay in it.
        pre_annotations: probabilities in class order by clip id, to be pre-selected.
        context: finds wider excerpts; default: tasks have none.
        audio_base_url: where the folder ``clips`` is served over HTTP; default: Label Studio's
            own local files, with the corpus folder as document root.
        annotation: section [annotation] of corpus.toml.
        text: section [text] of corpus.toml.

    Raises:
        ConfigurationError: if the batch exists, or an argument or the label configuration is bad.
        DataError: if a shard, an earlier batch or the gold clips can't be read.
    """
    check_limit(limit)
    check_base_url(audio_base_url)
    if panel is not None:
        panel.check(corpus)
    name = batch or next_batch(corpus)
    path = batch_path(corpus, name)
    screen = label_config(corpus, annotation or AnnotationSettings())
    outcome = Outcome(details={"batch": None, "tasks": 0})
    candidates = Candidates(corpus, outcome)
    mixes = panel is not None and panel.gold_rate > 0
    known = read_gold(corpus) if mixes else {}
    gold = _gold(corpus, known, candidates) if mixes else []
    ids = [clip.clip_id for clip in candidates.unassigned(reserved=known)]
    ids = apply_limit(hash_order(ids, seed) if ranking is None else ranking(ids), limit, outcome)
    if not ids:
        outcome.warnings.append(
            "no accepted clip is left that no earlier batch names; nothing was written"
        )
        return outcome
    shares = None
    if panel is not None:
        in_order = ranking is not None
        shares = make_task_lists(
            corpus, panel, ids, gold, batch=name, seed=seed, keep_order=in_order
        )
        outcome.warnings += shares.warnings
    clips = [candidates.clips[one] for one in (*ids, *(shares.gold_clips() if shares else ()))]
    builder = task_builder(
        corpus,
        name,
        candidates.clips.values(),
        text=text,
        audio_base_url=audio_base_url,
        context=context(clips) if context else None,
        probabilities=pre_annotations,
    )
    rows = {clip.clip_id: builder.row(clip) for clip in clips}
    outcome.kept = len(ids)
    outcome.details["batch"] = name
    if pre_annotations is not None:
        outcome.warnings.append(_ANCHORED)
    if panel is None or shares is None:
        _write_one_list(path, [rows[one] for one in ids], screen, outcome)
        return outcome
    plan = Plan(
        kind="label",
        batch=name,
        seed=seed,
        per_clip=panel.votes,
        annotators=list(panel.annotators),
        gold=shares.gold_clips(),
        order="shuffled" if ranking is None else "uncertainty",
    )
    write_lists(corpus, plan, shares, rows, screen, outcome)
    return outcome


def write_lists(
    corpus: Path,
    plan: Plan,
    shares: TaskLists,
    rows: Mapping[str, Row],
    screen: str,
    outcome: Outcome,
) -> None:
    """Write a batch with a list for each annotator, and say in the outcome what is in it.

    Args:
        corpus: the corpus folder.
        plan: of the batch.
        shares: whom the tasks go to.
        rows: the tasks by clip id.
        screen: label configuration.
        outcome: takes the folder, and the numbers of tasks.
    """
    lists = {name: [rows[one] for one in own] for name, own in shares.lists.items()}
    outcome.outputs.append(write_assigned(corpus, plan, lists, screen))
    outcome.details |= {
        "batch": plan.batch,
        "tasks": sum(map(len, lists.values())),
        "annotators": shares.counts(),
    }


def check_limit(limit: int | None) -> None:
    """Refuse a batch of nothing.

    Raises:
        ConfigurationError: if it would be one.
    """
    if limit is not None and limit < 1:
        raise ConfigurationError(f"--limit {limit}: at least one task is needed")


def apply_limit(ids: list[str], limit: int | None, outcome: Outcome) -> list[str]:
    """Return the first clips, and count the others as over the limit."""
    if limit is None or len(ids) <= limit:
        return ids
    outcome.rejected["over the limit"] += len(ids) - limit
    return ids[:limit]


def _write_one_list(path: Path, rows: list[Row], screen: str, outcome: Outcome) -> None:
    configuration = path.parent / "label_config.xml"
    write_batch(path, rows)
    write_text(configuration, screen)
    outcome.outputs += [path, configuration]
    outcome.details["tasks"] = len(rows)


def _gold(corpus: Path, named: Collection[str], candidates: Candidates) -> list[str]:
    """Return the gold clips that can be heard; they need be neither new nor accepted."""
    if not named:
        raise ConfigurationError(
            f"--gold-rate: {gold_path(corpus)} names no clips; write clip_id,emotion of clips "
            f"whose class you know, or leave --gold-rate out"
        )
    clips = [candidates.clips[one] for one in named if one in candidates.clips]
    found = [
        clip.clip_id for clip in clips if clip.superseded_by is None and candidates.has_audio(clip)
    ]
    left_out = sorted(set(named) - set(found))
    if left_out:
        listed = ", ".join(quoted(one) for one in left_out[:_MOST_NAMED])
        more = f" and {len(left_out) - _MOST_NAMED} more" * (len(left_out) > _MOST_NAMED)
        candidates.outcome.warnings.append(
            f"{len(left_out)} of {len(named)} gold clips are not in this corpus, superseded or "
            f"without a file, and left out: {listed}{more}"
        )
    return found


_MOST_NAMED = 5
_ANCHORED = (
    "the predictions will be pre-selected in Label Studio, and people follow what is pre-selected; "
    "use these votes for speed, not for agreement (each judgement keeps its origin)"
)
