"""`corpus why`: show one clip's history."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import one_line, session

__all__ = ["why"]


def why(
    clip: Annotated[
        str, typer.Argument(metavar="CLIP", help="Id of the clip, or a unique part of it.")
    ],
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show one clip's history: cut, texts, votes, label, splits and predictions."""
    with session("why", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.inspection.clip_history import clip_history
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        history = run.read(workspace.root, lambda: clip_history(workspace, clip))
        run.outcome.details |= history
        run.result(history["clip"]["clip_id"])
        for heading, lines in _sections(history):
            for number, line in enumerate(lines):
                run.result(f"{heading if number == 0 else '':<13}{one_line(line)}")


def _sections(history: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    yield "from", _origin(history)
    yield "measures", [_measures(history["clip"])]
    yield "screen", _screen(history)
    yield "texts", _texts(history)
    yield "tasks", [_task(row) for row in history["tasks"]] or ["none"]
    votes = history["votes"]
    yield "votes", [_vote(row) for row in votes["counting"]] or ["none"]
    if votes["replaced"]:
        yield "before", [_vote(row) for row in votes["replaced"]]
    yield "label", [_label(votes)]
    yield "manifests", [_manifest(*entry) for entry in history["manifests"].items()] or ["none"]
    status = history["next_build"]
    yield "next build", ["included" if status == "in" else f"left out: {_words(status)}"]
    if history["predictions"]:
        yield "predictions", [_prediction(*row) for row in history["predictions"].items()]


def _origin(history: dict[str, Any]) -> list[str]:
    clip, source = history["clip"], history["source"]
    series = f" of {source['series']}" if source["series"] else ""
    speaker = clip["speaker"] or "unknown"
    by = f" (from the {clip['speaker_source']})" if clip["speaker_source"] else ""
    lines = [
        f"{source['title']}{series} ({source['kind']}), {_clock(clip['start'])} to "
        f"{_clock(clip['end'])}, {clip['duration']:.2f} s; speaker {speaker}{by}",
        clip["path"],
    ]
    if clip["superseded_by"]:
        lines.append(f"superseded by {clip['superseded_by']}")
    if history["frozen_by"]:
        lines.append(f"frozen by {history['frozen_by']}")
    return lines


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{rest:06.3f}"


def _measures(clip: dict[str, Any]) -> str:
    from corpus_tools.registries.measures import measures

    values = {**clip, **clip.get("measures", {})}
    return ", ".join(
        f"{name} {'not measured' if values.get(name) is None else values[name]}"
        for name in (measure.name for measure in measures())
    )


def _screen(history: dict[str, Any]) -> list[str]:
    screen, clip = history["screen"], history["clip"]
    if screen is None:
        return ["not screened yet; run: corpus screen"]
    lines = ["accepted" if screen["accepted"] else f"rejected: {', '.join(screen['reasons'])}"]
    if screen["accepted"] and screen["reasons"]:
        lines = [f"accepted: {', '.join(screen['reasons'])}"]
    lines += [
        f"manual decision: {row['decision']} from {row['start']:g} to {row['end']:g} s "
        f"({row['origin']}{', ' + row['note'] if row['note'] else ''})"
        for row in history["choices"]
    ]
    if original := screen["yields_to"] or clip["duplicate_of"]:
        lines.append(f"repeat of {original}")
    if history["repeats"]:
        lines.append(f"repeated in {', '.join(history['repeats'])}")
    if screen["rules"]:
        rules = (f"{name} {value}" for name, value in screen["rules"].items() if value is not None)
        lines.append(f"thresholds: {', '.join(rules)}")
    return lines


def _texts(history: dict[str, Any]) -> list[str]:
    counts = history["text"]
    lines = [
        f"{row['source']}{':' + row['model'] if row['model'] else ''}: {row['text'] or '(empty)'}"
        + (f" [{', '.join(row['flags'])}]" if row["flags"] else "")
        for row in history["texts"]
    ]
    order = f"by [text] order {', '.join(history['text_order'])}"
    used = f"used: {counts['text']} ({counts['source']}, {order})" if counts else ""
    lines.append(used or f"none used {order}")
    return lines


def _task(row: dict[str, Any]) -> str:
    to = f" to {row['annotator']}" if row["annotator"] else ""
    return f"{row['batch']}{to}" + (" (adjudication)" if row["kind"] == "adjudication" else "")


def _vote(row: dict[str, Any]) -> str:
    answer = "skipped" if row["status"] == "skipped" else row["emotion"] or "unclear"
    details = [
        *([f"or {row['emotion2']}"] if row["emotion2"] else []),
        *([f"confidence {row['confidence']}"] if row["confidence"] else []),
        *row["problems"],
        *([row["role"]] if row["role"] != "label" else []),
        *([f"speaker {row['speaker']}"] if row["speaker"] else []),
    ]
    note = f" ({', '.join(details)})" if details else ""
    return f"{row['annotator']} {answer}{note}, {row['updated_at'][:16].replace('T', ' ')}"


def _label(votes: dict[str, Any]) -> str:
    label = votes["label"]
    if label is None:
        return "no votes"
    agreed = "" if label["agreement"] is None else f", {label['agreement']:.0%} of the votes"
    return (
        f"{label['emotion'] or 'no class'} by {_words(votes['decided_by'])}{agreed}{_soft(label)}"
    )


def _soft(label: dict[str, Any]) -> str:
    from manifests.base.emotions import EMOTIONS

    if label["soft"] is None:
        return ""
    shares = sorted(zip(label["soft"], EMOTIONS, strict=True), key=lambda share: -share[0])
    listed = ", ".join(f"{name} {share:.2f}" for share, name in shares if share >= _LEAST_SHARE)
    return f"; class shares: {listed}"


def _manifest(version: str, entry: dict[str, Any] | None) -> str:
    if entry is None:
        return f"{version}: not included"
    fold = f" (fold {entry['fold']})" if entry.get("fold") else ""
    return f"{version}: {entry['split']}{fold}, as {entry['emotion']}, in group {entry['group']}"


def _prediction(run: str, row: dict[str, Any]) -> str:
    return f"{run}: {row['predicted']} ({row['shares'][row['predicted']]:.2f}), on {row['split']}"


def _words(reason: str) -> str:
    return reason.replace("_", " ").replace(":", ": ")


_LEAST_SHARE = 0.005
