"""Evidence for lines: text, duration, pauses, retakes and cross-speaker similarity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.recordings.alignment import aligner as matching
from corpus_tools.recordings.alignment.evidence.spans import (
    Spans,
    expected_ms,
    false_start_by_duration,
    reading_by_duration,
)
from corpus_tools.recordings.alignment.evidence.text import (
    EditTable,
    TextEvidence,
    likelihood,
    mean_line_distance,
)
from corpus_tools.recordings.alignment.evidence.voiceprint import (
    SpeechFeatures,
    cepstra,
    prefix_distances,
)
from corpus_tools.recordings.takes.matches import line_matches


def edits(one: str, other: str) -> int:
    """Return the Levenshtein distance, by its definition."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        before, row[0] = row[0], number
        for at, match in enumerate(other, start=1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != match))
    return row[-1]


@given(st.lists(st.text("ab好", max_size=6), min_size=1, max_size=4), st.text("ab好", max_size=8))
def test_edits_are_those_of_levenshtein(lines, transcribed) -> None:
    table = EditTable(lines)
    row = table.start()
    for letter in transcribed:
        row = table.extend(row, letter)
    assert table.whole(row).tolist() == [edits(transcribed, line) for line in lines]
    nearest, _ = table.part(row)
    assert nearest.tolist() == [
        min(edits(transcribed, line[:end]) for end in range(len(line) + 1)) for line in lines
    ]


def test_text_evidence_favours_the_right_line_despite_errors() -> None:
    lines = ["今天天气真的很好", "我莫得钱买那个东西", "你晓得啥子嘛"]
    transcribed = ["今那天气", "这得很", "我没得欠买拉个东西"]
    pieces = np.array([[0, 500], [520, 900], [2000, 3000]])
    wording = TextEvidence.of(transcribed, Spans.up_to(pieces, 5000), lines)
    evidence = wording.whole_evidence(0.3)
    assert evidence[0, 1].argmax() == 0
    assert evidence[0, 1, 0] > max(evidence[0, 0, 0], evidence[0, 2, 0])
    assert evidence[2, 0].argmax() == 1
    assert evidence[2, 0, 1] > 5
    assert np.isneginf(evidence[2, 1]).all()
    assert wording.part_evidence(0.3)[0, 0, 0] > evidence[0, 0, 0]


def test_the_text_of_another_sentence_does_not_support_a_line() -> None:
    lines = ["今天天气真的很好", "我莫得钱买那个东西"]
    wording = TextEvidence.of(
        ["今那天这真得很", "明早上还要起来"], Spans(np.array([[0, 9], [20, 29]]), 1), lines
    )
    assert wording.supports(0, 0, 0, 0.5)
    assert not wording.supports(1, 0, 1, 0.5)


def test_text_at_the_chance_rate_has_no_evidence() -> None:
    assert likelihood(np.array([5]), np.array([10]), 0.5, 0.5).tolist() == [0.0]
    assert 0.5 <= mean_line_distance(["abcdef", "ghijkl"]) <= 0.98


def test_the_expected_duration_follows_the_letters() -> None:
    expected = expected_ms(np.array([5, 15]), 3000)
    spoken = np.array([[expected[1], np.inf]])
    whole = reading_by_duration(spoken, expected)
    assert whole[0, 0].argmax() == 1
    assert np.isneginf(whole[0, 1]).all()
    assert (
        false_start_by_duration(spoken / 2, expected)[0, 0, 1]
        > false_start_by_duration(spoken, expected)[0, 0, 1]
    )


def test_long_pauses_favour_edges_and_weak_places_do_not() -> None:
    spans = Spans.up_to(np.array([[0, 1000], [1000, 1500], [3000, 4000]]), 10_000)
    edges = spans.edges()
    assert edges[0, 1] > 0 > edges[0, 0]
    assert spans.speech_ms()[0].tolist() == [1000, 1500, 2650]
    assert spans.heads() == [0, 2]


@pytest.fixture
def babble() -> SpeechFeatures:
    """Return three pieces of varying sound; the second is a slower version of the first."""
    rng = np.random.default_rng(2)
    first, other = (np.cumsum(rng.normal(size=(60, 12)), axis=0) for _ in "ab")
    at = np.linspace(0, 59, 80)
    slower = np.stack([np.interp(at, np.arange(60), one) for one in first.T], axis=1)
    noisy = (one + rng.normal(0, 0.3, one.shape) for one in (first, slower, other))
    return SpeechFeatures.joined([one.astype(np.float32) for one in noisy])


def test_a_repetition_is_nearer_than_other_speech(babble) -> None:
    one, again, other = (babble.sound(at, at + 1) for at in range(3))
    near, far = (float(found[-1]) for found in prefix_distances([(one, again), (one, other)]))
    assert near < 0.7 * far


def test_contradicted_readings_are_known(babble, monkeypatch) -> None:
    def cross_speaker_evidence(voiced, spans, plausible, companions):
        whole = np.zeros((len(spans), spans.widths, plausible.shape[1]))
        whole[..., 2] = -0.1
        return whole, np.zeros_like(whole)

    monkeypatch.setattr(matching, "cross_speaker_evidence", cross_speaker_evidence)
    pieces = np.array([[0, 1200], [2500, 4100], [5500, 6700]])
    lines = ["今天天气好", "我莫得钱买东西", "你晓得啥子"]
    matcher = matching.Matcher(matching.TakeSpeech(pieces, babble, lines, lines, None))
    found = matcher.realign(matcher.align(), [{}])
    kept = [span for span in found.spans if span.kind == "kept"]
    assert [(one.line, matcher.agrees_with_others(one)) for one in kept] == [(1, True), (2, False)]


@pytest.mark.parametrize(("tail", "flags"), [("下", ()), ("", ("doubtful_match",))])
def test_a_reading_without_text_at_its_edge_is_doubtful(babble, tail, flags) -> None:
    lines = ["今天天气好", "我莫得钱买东西在这一下"]
    pieces = np.array([[0, 1000], [2500, 4100], [4110, 4400]])
    transcribed = [lines[0], lines[1][:10], tail]
    matcher = matching.Matcher(matching.TakeSpeech(pieces, babble, lines, lines, transcribed))
    found = line_matches(matcher, matcher.align())
    assert [one.span for one in found] == [(0, 1000), (2500, 4400)]
    assert [one.flags for one in found] == [(), flags]


def test_a_false_start_is_nearest_to_the_beginning(babble) -> None:
    one, again = babble.sound(0, 1), babble.sound(1, 2)
    (far,) = prefix_distances([(one[: len(one) // 2], again)])
    assert abs(int(far.argmin()) - len(again) // 2) <= len(again) // 6


def test_batched_pairs_give_the_distances_of_single_pairs(babble) -> None:
    sounds = [babble.sound(first, then) for first in range(3) for then in range(first + 1, 4)]
    pairs = [(one, other) for one in sounds for other in sounds]
    for pair, found in zip(pairs, prefix_distances(pairs), strict=True):
        np.testing.assert_allclose(found, prefix_distances([pair])[0], rtol=1e-5)


def test_cepstra_do_not_depend_on_the_level(make_scene) -> None:
    sound = make_scene([(1.0, 0.0)], seed=5)
    loud, quiet = (cepstra(np.round(gain * sound).astype(np.int16)) for gain in (20_000, 10_000))
    speech = slice(28, 70)
    assert loud.shape == (len(sound) // 320, 12)
    assert np.abs(loud - quiet)[speech].mean() < 0.1 * np.abs(loud[speech]).mean()
