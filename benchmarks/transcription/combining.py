"""Votes on the texts of real recognisers with errors that depend on each other.

Reads the texts that `benchmarks.transcription.recognition --out` wrote, three ways of running one
model at a time: what one hears wrongly, the others often do, too.

    python -m benchmarks.transcription.recognition pl --out recognition.jsonl
    python -m benchmarks.transcription.combining recognition.jsonl
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from sklearn.metrics import roc_auc_score

from benchmarks.transcription.voting import letter_errors
from corpus_tools.transcription.compare import TextPair, clip_errors, total
from corpus_tools.transcription.vote import Ballot, Voter, error_rates
from manifests.base.letters import plain_letters

SETS = (
    ("ours, window", "ours, clip", "faster-whisper int8, clip by clip"),
    ("ours, window", "ours, window, faster-whisper int8", "openai-whisper, clip by clip"),
    ("ours, window", "ours, window, faster-whisper int8", "faster-whisper int8, clip by clip"),
    ("ours, window", "ours, clip"),
)


def report(
    names: Sequence[str], texts: Mapping[str, Mapping[str, str]], truth: Mapping[str, str]
) -> None:
    """Print a row for these ways."""
    clips = sorted(set.intersection(*(set(texts[name]) for name in names)))
    ballots = [Ballot([Voter(name, texts[name][clip]) for name in names]) for clip in clips]
    weights = error_rates(ballots, names)
    voted = [ballot.vote(weights) for ballot in ballots]
    each = [
        total(
            clip_errors([TextPair(clip, "", truth[clip], texts[name][clip]) for clip in clips])
        ).rate
        for name in names
    ]
    pairs = [
        TextPair(clip, "", truth[clip], one.text) for clip, one in zip(clips, voted, strict=True)
    ]
    wrong = [plain_letters(pair.reference) != plain_letters(pair.hypothesis) for pair in pairs]
    letters = roc_auc_score(*letter_errors([truth[clip] for clip in clips], voted))
    whole = roc_auc_score(wrong, [-one.confidence for one in voted])
    sure = [bad for bad, one in zip(wrong, voted, strict=True) if one.confidence > 0.999]
    rates_of = ", ".join(f"{100 * (rate or 0):.1f}" for rate in each)
    vote = 100 * (total(clip_errors(pairs)).rate or 0)
    print(
        f"| {'; '.join(names)} | {rates_of} % | {vote:.1f} % | {letters:.3f} | {whole:.3f} "
        f"| {len(sure)} | {sum(sure)} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "texts", type=Path, help="JSON Lines of benchmarks.transcription.recognition"
    )
    parser.add_argument("--of", default="pl", help="the material (default pl)")
    given = parser.parse_args()
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    truth: dict[str, str] = {}
    for line in given.texts.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["of"] == given.of:
            texts[row["row"]][row["clip"]] = row["text"]
            truth[row["clip"]] = row["truth"]
    print(f"{len(truth)} clips, {sum(len(plain_letters(text)) for text in truth.values())} letters")
    for names in SETS:
        report(names, texts, truth)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
