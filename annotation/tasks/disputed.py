"""Export tied clips for adjudication.

A clip is disputed if its votes are balanced: a tie by [labels] method, or exactly half of the
answers are ``unclear`` or name a problem that excludes a clip. A clip that more than half find
unclear or defective is decided, and so is an adjudicated one. Clips with open tasks of named
annotators or of an adjudicator are left for later.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from annotation.batches.batches import Plan, batch_path, check_new, next_batch, read_batches
from annotation.judgements.store import read_judgements
from annotation.labels.aggregate import Aggregation, aggregate_votes
from annotation.scheme.label_config import label_config
from annotation.scheme.settings import AnnotationSettings, LabelSettings
from annotation.tasks.assignment import Panel, check_annotators
from annotation.tasks.candidates import Candidates, FindContext, check_base_url, task_rows
from annotation.tasks.export import (
    apply_limit,
    check_limit,
    hash_order,
    make_task_lists,
    write_lists,
)
from manifests.base.emotions import EMOTIONS, UNCLEAR
from manifests.base.outcome import Outcome
from manifests.storage.records import Judgement, Label
from manifests.storage.sections import TextSettings

__all__ = ["export_disputed", "is_disputed", "unanswered", "vote_summary"]


def export_disputed(
    corpus: Path,
    adjudicators: Sequence[str],
    *,
    labels: LabelSettings | None = None,
    show_votes: bool = False,
    batch: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    context: FindContext | None = None,
    audio_base_url: str | None = None,
    annotation: AnnotationSettings | None = None,
    text: TextSettings | None = None,
) -> Outcome:
    """Write a batch of the disputed clips, evenly distributed, each to one adjudicator.

    The items of the outcome are the clips with judgements. With ``show_votes`` tasks show the
    votes, without names. All later arguments are those of `annotation.tasks.export.export_tasks`.

    Raises:
        ConfigurationError: if the batch exists with other tasks, or an argument or the label
            configuration is bad.
        DataError: if a shard, an earlier batch, a judgement or annotators.csv can't be read.
    """
    check_limit(limit)
    check_base_url(audio_base_url)
    check_annotators(corpus, adjudicators)
    name = batch or next_batch(corpus)
    batch_path(corpus, name)
    screen = label_config(corpus, annotation or AnnotationSettings())
    outcome = Outcome(details={"batch": None, "tasks": 0})
    candidates = Candidates(corpus, outcome, name)
    decided = aggregate_votes(corpus, labels or LabelSettings())
    ids = apply_limit(hash_order(_disputed(corpus, decided, candidates), seed), limit, outcome)
    if not ids:
        check_new(corpus, name, ids, shared=False)
        outcome.warnings.append("no disputed clip without an open adjudication")
        return outcome
    outcome.warnings += _warnings(decided, ids, adjudicators)
    panel = Panel(adjudicators, per_clip=1)
    shares = make_task_lists(corpus, panel, ids, [], batch=name, seed=seed, keep_order=False)
    clips = [candidates.clips[clip_id] for clip_id in ids]
    outcome.warnings += check_new(corpus, name, ids, shared=False)
    votes = {one: vote_summary(decided.judgements[one]) for one in ids} if show_votes else {}
    rows = task_rows(
        corpus,
        name,
        clips,
        candidates.clips.values(),
        text=text,
        audio_base_url=audio_base_url,
        context=context(clips) if context else {},
        votes=votes,
    )
    plan = Plan(
        kind="adjudication",
        batch=name,
        seed=seed,
        per_clip=1,
        annotators=list(adjudicators),
        show_votes=show_votes,
    )
    outcome.kept = len(ids)
    write_lists(corpus, plan, shares, rows, screen, outcome)
    return outcome


def is_disputed(label: Label, judgements: Sequence[Judgement]) -> bool:
    """Return whether the votes that count are balanced, so that a clip needs adjudication."""
    if label.reason is None or label.adjudicated:
        return False
    answers = [row for row in judgements if row.status == "answered"]
    kind, _, problem = label.reason.partition(":")
    if kind == "problem":
        return 2 * sum(problem in row.problems for row in answers) == len(answers)
    if kind == UNCLEAR:
        return 2 * sum(row.emotion is None for row in answers) == len(answers)
    return kind == "tie"


def vote_summary(judgements: Sequence[Judgement]) -> str:
    """Return the votes that count in words, without names, the most frequent first."""
    answers = [row for row in judgements if row.status == "answered"]
    counts = Counter(row.emotion or UNCLEAR for row in answers)
    problems = Counter(problem for row in answers for problem in row.problems)
    order = [*EMOTIONS, UNCLEAR]
    votes = sorted(counts, key=lambda name: (-counts[name], order.index(name)))
    named = sorted(problems, key=lambda name: (-problems[name], name))
    parts = [f"{name} ×{counts[name]}" for name in votes]
    return ", ".join(parts + [f"{name.replace('_', ' ')} ×{problems[name]}" for name in named])


def _disputed(corpus: Path, decided: Aggregation, candidates: Candidates) -> list[str]:
    waiting, assigned = unanswered(corpus, candidates.batch)
    found = []
    for clip_id, label in sorted(decided.labels.items()):
        candidates.outcome.items_in += 1
        clip = candidates.clips.get(clip_id)
        reason = None
        if not is_disputed(label, decided.judgements[clip_id]):
            reason = "not disputed"
        elif clip is None or clip.superseded_by is not None:
            reason = "superseded"
        elif clip_id in assigned:
            reason = "in an open adjudication batch"
        elif clip_id in waiting:
            reason = "votes still open"
        if reason:
            candidates.outcome.rejected[reason] += 1
        elif clip is not None and candidates.check_audio(clip):
            found.append(clip_id)
    return found


def unanswered(corpus: Path, but: str | None) -> tuple[set[str], set[str]]:
    """Return the clips with open tasks of annotators, and those of adjudicators, without ``but``.

    A skip is an answer. Answers of annotators of the batch without this clip don't count. The
    others are counted, not matched by name, as a pseudonym may be newer than the batch.
    """
    answers: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for row in read_judgements(corpus):
        answers[row.clip_id, row.batch].add(row.annotator)
    assigned: dict[tuple[str, str], set[str]] = defaultdict(set)
    people: dict[str, set[str]] = defaultdict(set)
    kinds = {}
    for batch in read_batches(corpus, but):
        if batch.annotator is not None:
            kinds[batch.name] = batch.kind
            people[batch.name].add(batch.annotator)
            for data in batch.tasks:
                assigned[data["clip_id"], batch.name].add(batch.annotator)
    open_tasks = [
        (clip_id, name)
        for (clip_id, name), own in assigned.items()
        if len(answers.get((clip_id, name), set()) - (people[name] - own)) < len(own)
    ]
    adjudicated = {clip_id for clip_id, name in open_tasks if kinds[name] == "adjudication"}
    return {clip_id for clip_id, name in open_tasks if kinds[name] == "label"}, adjudicated


def _warnings(decided: Aggregation, ids: Sequence[str], adjudicators: Sequence[str]) -> list[str]:
    """Warn about adjudicators who voted on the clips themselves."""
    voted = Counter(row.annotator for clip_id in ids for row in decided.judgements[clip_id])
    return [
        f"{name} voted on {voted[name]} of the {len(ids)} clips and would adjudicate their own "
        f"votes; name another adjudicator if possible"
        for name in adjudicators
        if voted[name]
    ]
