import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import manifests.storage.shards
from corpus_tools.cli.why import _screen
from corpus_tools.configuration.segment import ScreenSettings
from corpus_tools.inspection.clip_history import clip_history
from corpus_tools.review.contents import SoundMap, page_data
from corpus_tools.review.source_data import read_source_data
from corpus_tools.segmentation.intake.selections import put_regions, put_reviews
from corpus_tools.segmentation.ledger.commit import MARKED, SETTLED, SourceResult, write_result
from corpus_tools.segmentation.repeats.fingerprint import fingerprint, to_text
from corpus_tools.segmentation.repeats.resolve import (
    RepeatCandidate,
    find_suppressed,
    resolve_repeats,
)
from corpus_tools.segmentation.rescreen import screen_corpus
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.workspace.workspace import Workspace
from manifests.base.outcome import Outcome
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Choice, Clip, Fingerprint, LedgerEntry, Screen, Source
from manifests.storage.shards import STAGES, read_shard, read_stage
from tests.factories import make_clip, make_source

RULES = drama_rules(ScreenSettings())
NOISY = {"snr_db": 3.0}


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=30),
    st.randoms(),
)
def test_every_suppressed_repeat_has_a_kept_clip(drawn, order):
    copies = [
        RepeatCandidate(
            str(n), str(n if n < 5 else group), (False, False, False, n, 0.0), fine, reviewed
        )
        for n, (group, fine, reviewed) in enumerate([(0, False, False)] * 5 + drawn)
    ]
    first_of: dict[str, str] = {}
    repeats = {
        one.clip_id: first
        for one in copies
        if one.acceptable
        and (first := first_of.setdefault(one.original, one.clip_id)) != one.clip_id
        and not one.reviewed
    }
    suppressed = find_suppressed(copies, repeats)
    for original in map(str, range(5)):
        group = [copy for copy in copies if copy.original == original]
        left = [one for one in group if one.acceptable and one.clip_id not in suppressed]
        assert bool(left) == any(one.acceptable for one in group)
        assert sum(not one.reviewed for one in left) <= 1
        for one in group:
            assert not one.reviewed or one.clip_id not in suppressed
            if not left and one.clip_id in suppressed:
                assert suppressed[one.clip_id] == original
    assert not suppressed.keys() & set(suppressed.values())
    order.shuffle(copies)
    assert find_suppressed(copies, repeats) == suppressed


@pytest.fixture
def opening(make_babble):
    return to_text(fingerprint(make_babble(4, seed=1)))


@pytest.fixture
def add(corpus, opening):
    """Add an episode with a single clip, the opening that all of them share."""

    def run(number, hashes=opening, **measures):
        name = f"e{number}-00000000000{number}"
        clip = make_clip(name, 1, 5, **{"snr_db": 30.0, "speech_ratio": 0.8, **measures})
        source = make_source(name, series="s", sha256=str(number), duration=6.0)
        prints = [Fingerprint(clip_id=clip.clip_id, hashes=hashes)]
        result = SourceResult(source, [clip], [], {"silence": 2000}, {"n": number}, prints)
        write_result(corpus, result, RULES)
        return clip.clip_id

    return run


def resolve(corpus: Path) -> set[str]:
    outcome = Outcome()
    _, changed = resolve_repeats(corpus, (), RULES, frozen_clips(corpus), outcome)
    assert outcome.ok
    return changed


def decided(corpus: Path) -> list[list[str]]:
    return [row.reasons for row in read_stage(corpus, STAGES["screen"], Screen)]


def tree(corpus: Path) -> dict[Path, bytes]:
    return {path.relative_to(corpus): path.read_bytes() for path in corpus.rglob("*.jsonl")}


def review(corpus: Path, clip_id: str, decision: str, origin: str = "review") -> None:
    choice = Choice(
        source_id=clip_id.rsplit("-", 2)[0], start=1.0, end=5.0, decision=decision, origin=origin,
        clip_id=clip_id if origin == "review" else None,
    )  # fmt: skip
    put = put_reviews if origin == "review" else put_regions
    put(corpus, choice.source_id, [choice])


def test_a_clean_copy_is_accepted_where_the_first_is_noisy(corpus, add):
    first = add(1, **NOISY)
    add(2), add(3)
    resolve(corpus)
    marks = [clip.duplicate_of for clip in read_stage(corpus, STAGES["segments"], Clip)]
    assert marks == [None, first, first]
    assert decided(corpus) == [["low_snr"], [], ["duplicate"]]
    for source in read_stage(corpus, STAGES["sources"], Source):
        ledger = read_shard(STAGES["ledger"].path(corpus, source.source_id), LedgerEntry)
        assert sum(row.seconds for row in ledger) == 6.0


def test_clean_copy_found_only_in_another_repeat_is_compared_with_it(corpus, add):
    song = np.random.default_rng(0).integers(1, 2**24, 400).astype(np.uint32)
    noisy, across, after = (to_text(song[start : start + 200]) for start in (0, 90, 180))
    add(1, noisy, **NOISY), add(2, across), add(3, after)
    resolve(corpus)
    marks = [clip.duplicate_of for clip in read_stage(corpus, STAGES["segments"], Clip)]
    assert [bool(mark) for mark in marks] == [False, True, False]
    assert decided(corpus) == [["low_snr"], [], ["duplicate"]]
    screen_corpus(corpus, {"drama": drama_rules(ScreenSettings(min_snr_db=0))})
    assert decided(corpus) == [[], ["duplicate"], []]
    screen_corpus(corpus, {"drama": RULES})
    assert decided(corpus) == [["low_snr"], [], ["duplicate"]]


def test_where_no_copy_is_good_enough_none_is_accepted(corpus, add):
    for number in (1, 2):
        add(number, **NOISY)
    resolve(corpus)
    assert decided(corpus) == [["low_snr"], ["duplicate", "low_snr"]]


def test_the_order_in_which_films_came_makes_no_difference_and_twice_is_once(corpus, add, tmp_path):
    measures = {1: NOISY, 2: {}, 3: {"music": 0.9}, 4: {}}
    for number in (1, 2, 3, 4):
        add(number, **measures[number])
    resolve(corpus)
    assert resolve(corpus) == set()
    before = tree(corpus)
    for number in (4, 3, 1, 2):
        (corpus / "stages").rename(tmp_path / f"gone{number}") if number == 4 else None
        add(number, **measures[number])
        resolve(corpus)
    assert tree(corpus) == before


def test_other_thresholds_choose_another_copy_and_marks_stay(corpus, add):
    add(1, **NOISY), add(2)
    resolve(corpus)
    before = tree(corpus)
    lax = {"drama": drama_rules(ScreenSettings(min_snr_db=0))}
    outcome = screen_corpus(corpus, lax)
    assert decided(corpus) == [[], ["duplicate"]]
    assert (outcome.kept, outcome.rejected, outcome.details["changed"]) == (1, {"duplicate": 1}, 2)
    assert {path.parts[1] for path, data in tree(corpus).items() if before[path] != data} == {
        "screen", "ledger",
    }  # fmt: skip
    assert screen_corpus(corpus, lax).details["changed"] == 0
    screen_corpus(corpus, {"drama": RULES})
    assert tree(corpus) == before


def test_thresholds_of_films_outside_the_run_stay(corpus, add):
    add(1, **NOISY)
    resolve(corpus)
    screen_corpus(corpus, {"drama": drama_rules(ScreenSettings(min_snr_db=0))})
    add(2)
    assert [name[:2] for name in resolve(corpus)] == ["e2"]
    assert decided(corpus) == [[], ["duplicate"]]


def test_frozen_copy_stays_when_the_first_becomes_acceptable(corpus, add):
    add(1, **NOISY)
    second = add(2)
    resolve(corpus)
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "batch-0001.json").write_text(json.dumps([{"data": {"clip_id": second}}]))
    screen_corpus(corpus, {"drama": drama_rules(ScreenSettings(min_snr_db=0))})
    assert decided(corpus) == [["duplicate"], []]


def test_a_dropped_clip_is_replaced_and_a_kept_one_replaces(corpus, add):
    first, second, third = add(1), add(2), add(3, **NOISY)
    resolve(corpus)
    assert decided(corpus) == [[], ["duplicate"], ["duplicate", "low_snr"]]
    review(corpus, first, "drop")
    screen_corpus(corpus, {"drama": RULES})
    assert decided(corpus) == [["human_drop"], [], ["duplicate", "low_snr"]]
    review(corpus, third, "keep")
    screen_corpus(corpus, {"drama": RULES})
    assert decided(corpus) == [["human_drop"], ["duplicate"], ["human_keep"]]
    review(corpus, second, "keep")
    screen_corpus(corpus, {"drama": RULES})
    assert decided(corpus) == [["human_drop"], ["human_keep"], ["human_keep"]]


def test_one_repeat_in_kept_regions_is_accepted(corpus, add):
    for clip_id in (add(1), add(2, **NOISY), add(3, **NOISY)):
        if not clip_id.startswith("e1"):
            review(corpus, clip_id, "keep", origin="regions")
    resolve(corpus)
    assert decided(corpus) == [["duplicate"], ["human_keep"], ["duplicate"]]


@pytest.fixture
def dies_after(monkeypatch):
    """Run a function that is killed after a number of shards."""

    def run(steps, work):
        calls = 0
        write = manifests.storage.shards.write_bytes

        def dying(*arguments):
            nonlocal calls
            calls += 1
            if calls > steps:
                raise KeyboardInterrupt
            write(*arguments)

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(manifests.storage.shards, "write_bytes", dying)
            work()

    return run


def named(corpus: Path) -> list[str | None]:
    """Return the clip that each clip repeats, as `corpus why` and the review page name it."""
    (corpus / "corpus.toml").touch()
    found = []
    for source in read_stage(corpus, STAGES["sources"], Source):
        page = page_data(read_source_data(corpus, source), SoundMap([], whole=False), None)
        (clip,) = page["clips"]
        lines = _screen(clip_history(Workspace.find(corpus), clip["id"]))
        assert ("duplicate" in clip["reasons"]) == any("repeat of " in line for line in clip["why"])
        assert all(line in lines for line in clip["why"] if "repeat of " in line)
        found.append(clip["duplicateOf"] if "duplicate" in clip["reasons"] else None)
    return found


def test_every_rejected_repeat_names_the_clip_that_it_repeats(corpus, add):
    song = np.random.default_rng(0).integers(1, 2**24, 400).astype(np.uint32)
    noisy, across, after = (to_text(song[start : start + 200]) for start in (0, 90, 180))
    add(1, noisy, **NOISY)
    second = add(2, across)
    add(3, after)  # has no mark: it isn't found in the first
    resolve(corpus)
    assert decided(corpus)[2] == ["duplicate"]
    assert named(corpus) == [None, None, second]


def test_the_first_copy_names_the_one_that_a_person_kept_and_bad_copies_the_first(corpus, add):
    first, second = add(1), add(2)
    review(corpus, second, "keep", origin="regions")
    resolve(corpus)
    assert decided(corpus) == [["duplicate"], ["human_keep"]]
    assert named(corpus) == [second, None]
    put_regions(corpus, second.rsplit("-", 2)[0], [])
    for number in (1, 2):
        add(number, **NOISY)
    resolve(corpus)
    assert named(corpus) == [None, first]


@pytest.mark.parametrize(
    ("scores", "accepted"),
    [
        ((0.2, 0.95), []),  # a jingle, by cut and encoding
        ((0.45, 0.7, 0.3, 0.9), []),
        ((0.95, 0.2, 0.4), []),
        ((0.03, 0.93), [0]),  # a scene, and its recap under music
        ((0.03, 0.93, 0.97), [0]),
        ((0.2, 0.6, 0.1), [0]),
        ((0.95, 0.03, None), [1]),
    ],
)
def test_copies_of_one_sound_agree_on_music(corpus, add, scores, accepted):
    ids = [add(number, music=score) for number, score in enumerate(scores)]
    resolve(corpus)
    assert [at for at, reasons in enumerate(decided(corpus)) if not reasons] == accepted
    resolve(corpus)  # again, from what is on record
    assert [at for at, reasons in enumerate(decided(corpus)) if not reasons] == accepted
    for own, original, reasons in zip(ids, named(corpus), decided(corpus), strict=True):
        assert ("duplicate" in reasons) == (original in set(ids) - {own})
    whole = tree(corpus)
    (corpus / SETTLED).unlink()
    resolve(corpus)
    assert tree(corpus) == whole


def test_a_person_may_keep_a_copy_of_music_and_other_limits_free_it(corpus, add):
    first, second = add(1, music=0.2), add(2, music=0.95)
    resolve(corpus)
    assert decided(corpus) == [["duplicate"], ["duplicate", "music"]]
    screen_corpus(corpus, {"drama": drama_rules(ScreenSettings(max_music=0.8))})
    assert decided(corpus) == [[], ["duplicate", "music"]]
    screen_corpus(corpus, {"drama": RULES})
    assert named(corpus) == [second, first]
    review(corpus, second, "keep")
    resolve(corpus)
    assert decided(corpus) == [["duplicate"], ["human_keep"]]


@pytest.mark.parametrize("step", range(8))
def test_kill_between_marks_and_decisions_is_repaired(corpus, add, dies_after, step):
    add(1, **NOISY), add(2), add(3)
    resolve(corpus)
    whole = tree(corpus)
    for number in (1, 2, 3):
        add(number, **(NOISY if number == 1 else {}))
    assert not (corpus / MARKED).exists()
    assert not (corpus / SETTLED).exists()
    dies_after(step, lambda: resolve(corpus))
    resolve(corpus)
    assert tree(corpus) == whole


@pytest.mark.parametrize("step", range(6))
def test_kill_during_screening_is_repaired(corpus, add, dies_after, step):
    add(1, **NOISY), add(2), add(3, **NOISY)
    resolve(corpus)
    lax = {"drama": drama_rules(ScreenSettings(min_snr_db=0))}
    screen_corpus(corpus, lax)
    whole = tree(corpus)
    screen_corpus(corpus, {"drama": RULES})
    dies_after(step, lambda: screen_corpus(corpus, lax))
    screen_corpus(corpus, lax)
    assert tree(corpus) == whole
