"""Ids that two servers gave, accounts that changed, and accounts that were deleted."""

import json

import pytest

from annotation.judgements.annotators import Annotators
from annotation.judgements.importing import import_annotations
from annotation.judgements.store import latest, read_judgements
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Judgement
from tests.annotation.conftest import answer_items

WHAT_TO_DO = "import it with: corpus import-annotations FILE --server NAME"
LI, WANG = {"id": 1, "email": "li@lab.example"}, {"id": 1, "email": "wang@lab.example"}


def annotation(number=1, server="a", day=22, by=1, emotion="happy", **changes):
    return {
        "id": number,
        "completed_by": by,
        "result": answer_items(emotion),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": f"2026-11-{day}T14:00:{number:02d}.043371Z",
        "updated_at": f"2026-11-{day}T14:00:{number:02d}.043428Z",
        "lead_time": 7.5,
        "unique_id": f"a5cfbd20-2fd0-406b-859a-{server}{number:011d}",
        "project": 1,
    } | changes


@pytest.fixture
def export(corpus, tmp_path):
    def export(name, *annotations, first=0):
        """Write annotations on one clip after another, beginning with the clip ``first``."""
        tasks = [
            {
                "id": one.pop("task", place),
                "annotations": [one],
                "data": {"clip_id": corpus.ids()[one.pop("clip", first + place - 1)]},
                "project": 1,
            }
            for place, one in enumerate(annotations, start=1)
        ]
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return path

    return export


def counted(corpus):
    """Return the clip, annotator and class of each judgement that counts."""
    place = {clip: n for n, clip in enumerate(corpus.ids())}
    rows = latest(read_judgements(corpus.root))
    return sorted((place[row.clip_id], row.annotator, row.emotion) for row in rows)


def laptops(export):
    """Return the exports of two servers that gave the same numbers to other people's work."""
    first = export("first", *(annotation(n, by=LI) for n in range(1, 4)))
    others = [annotation(n, "b", 25, WANG, "sad") for n in range(1, 6)]
    return first, export("second", *others, first=3)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("together", [False, True])
def test_the_numbers_of_another_server_change_no_judgement(corpus, export, together, backwards):
    """Nothing of the second is taken, not even annotations with numbers of their own."""
    files = laptops(export)[:: -1 if backwards else 1]
    calls = [files] if together else [[path] for path in files]
    outcomes = [import_annotations(corpus.root, call) for call in calls]
    first, second = (5, 3) if backwards else (3, 5)
    assert sum(one.kept for one in outcomes) == len(counted(corpus)) == first
    assert outcomes[-1].details["refused"] == {"conflict": second}
    assert outcomes[-1].details["relabelled"] == 0
    [failure] = outcomes[-1].failures
    assert failure.reason.startswith(
        f"{second} annotations were refused: annotation 1 of server 'label-studio' was imported "
        f"with another clip, created_at, unique_id; if the export is from another server, "
    )
    assert WHAT_TO_DO in failure.reason
    assert outcomes[-1].failed == second
    assert {row.annotator for row in read_judgements(corpus.root)} == {"a01"}
    resolved = import_annotations(corpus.root, files[1:], server="laptop-2")
    assert (resolved.kept, resolved.failures) == (second, [])
    assert len(counted(corpus)) == 8
    assert Annotators(corpus.root).names() == ["a01", "a02"]


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"clip": 1}, "clip"),
        ({"task": 9}, "task"),
        ({"unique_id": "a5cfbd20-ffff"}, "unique_id"),
        ({"created_at": "2026-11-21T08:00:00Z"}, "created_at"),
        ({"created_at": None, "updated_at": "2026-11-22T13:00:00Z"}, "created_at"),
    ],
)
def test_what_an_annotation_never_changes_shows_another_server(corpus, export, changes, differing):
    import_annotations(corpus.root, [export("first", annotation())])
    newer = annotation(emotion="sad", updated_at="2026-11-24T09:00:00Z") | changes
    outcome = import_annotations(corpus.root, [export("second", newer)])
    [failure] = outcome.failures
    assert outcome.details["refused"] == {"conflict": 1}
    assert f"server 'label-studio' was imported with another {differing}; if" in failure.reason
    assert counted(corpus) == [(0, "a01", "happy")]


@pytest.mark.parametrize("time", ["created_at", "updated_at"])
def test_a_creation_time_that_equals_the_change_is_compared_too(corpus, export, time):
    moment = "2026-11-22T14:00:00Z"
    import_annotations(corpus.root, [export("1", annotation(created_at=moment, updated_at=moment))])
    other = {"created_at": "2026-11-23T08:00:00Z", "updated_at": "2026-11-23T08:00:00Z"}
    outcome = import_annotations(corpus.root, [export("2", annotation(emotion="sad", **other))])
    assert "another created_at" in outcome.failures[0].reason


def test_another_address_of_a_known_user_shows_another_server(corpus, export):
    """The annotations' numbers need not collide."""
    import_annotations(corpus.root, [export("first", annotation(1, by=LI))])
    second = export("second", annotation(8, by=WANG), annotation(9, by=7), first=1)
    outcome = import_annotations(corpus.root, [second])
    assert outcome.details["refused"] == {"conflict": 2}
    [failure] = outcome.failures
    said = (
        "2 annotations were refused: user 1 of server 'label-studio' has another number or e-mail"
    )
    assert failure.reason.startswith(said)
    assert failure.reason.endswith("correct the row of a01 there")
    assert "@" not in repr(outcome)
    moved = export("third", annotation(8, by={"id": 2, "email": "li@lab.example"}), first=1)
    assert import_annotations(corpus.root, [moved]).details["refused"] == {"conflict": 1}
    assert counted(corpus) == [(0, "a01", "happy")]


@pytest.mark.parametrize("account", [WANG, {"id": 7, "email": "LI@lab.example"}])
def test_an_account_with_known_annotations_may_change(corpus, export, account):
    import_annotations(corpus.root, [export("first", annotation(1, by=LI))])
    both = export("second", annotation(1, by=account), annotation(2, by=account))
    outcome = import_annotations(corpus.root, [both])
    assert (outcome.kept, outcome.rejected, outcome.failures) == (1, {"imported before": 1}, [])
    assert (
        "the account of a01 on server 'label-studio' has another number or" in outcome.warnings[0]
    )
    assert counted(corpus) == [(0, "a01", "happy"), (1, "a01", "happy")]
    table = (corpus.root / "annotations/annotators.csv").read_text().splitlines()
    assert table[1:] == [f"a01,label-studio,{account['id']},{account['email']}"]
    assert not import_annotations(corpus.root, [both]).failures


def test_a_restored_backup_keeps_what_it_shares(corpus, export):
    """Annotations 3 and 4 were made anew after the restoration, by the same person."""
    import_annotations(corpus.root, [export("before", *(annotation(n) for n in range(1, 5)))])
    after = [annotation(1), annotation(2, emotion="sad", updated_at="2026-11-26T08:00:00Z")]
    after += [annotation(n, "b", 26, emotion="fear") for n in (3, 4, 5)]
    path = export(
        "after", *(one | {"clip": n} for n, one in zip((0, 1, 7, 8, 9), after, strict=True))
    )
    outcome = import_annotations(corpus.root, [path])
    assert (outcome.kept, outcome.rejected["imported before"]) == (2, 1)
    assert outcome.details["refused"] == {"conflict": 2}
    rest = import_annotations(corpus.root, [path], server="restored")
    assert (rest.kept, rest.rejected["imported before"], rest.failures) == (2, 3, [])
    assert "3 annotations imported before have server 'label-studio'" in rest.warnings[0]
    assert {row[1] for row in counted(corpus)} == {"a01"}
    assert [row[2] for row in counted(corpus)] == ["happy", "sad", "happy", "happy", *["fear"] * 3]
    again = import_annotations(corpus.root, [path])
    assert (again.kept, again.failures) == (0, [])


def test_the_same_export_under_another_name_makes_nobody_two(corpus, export):
    path = export("one", annotation(1), annotation(2, by=2))
    import_annotations(corpus.root, [path])
    outcome = import_annotations(corpus.root, [path], server="lab2")
    assert (outcome.kept, outcome.rejected) == (0, {"imported before": 2})
    assert len(counted(corpus)) == 2


def test_exports_without_ids_and_times_are_compared_by_clip(corpus, export):
    bare = {"unique_id": None, "created_at": None}
    import_annotations(corpus.root, [export("first", annotation(1, **bare))])
    newer = annotation(1, emotion="sad", **bare, updated_at="2026-11-23T09:00:00Z")
    outcome = import_annotations(corpus.root, [export("second", newer)])
    assert outcome.details["relabelled"] == 1
    assert "1 annotations count as newer versions of known ones, though" in outcome.warnings[0]
    other = export("third", annotation(1, **bare, updated_at="2026-11-24T09:00:00Z"), first=1)
    assert "another clip" in import_annotations(corpus.root, [other]).failures[0].reason
    older = export("fourth", annotation(1, **bare, updated_at="2026-11-21T09:00:00Z"))
    assert import_annotations(corpus.root, [older]).kept == 1
    assert counted(corpus) == [(0, "a01", "sad")]


def test_a_task_number_of_another_clip_is_named(corpus, export):
    import_annotations(corpus.root, [export("first", annotation(1))])
    outcome = import_annotations(corpus.root, [export("second", annotation(7), first=4)])
    assert "1 new judgements have the task number of another clip" in outcome.warnings[0]


def test_another_answer_to_a_task_by_the_same_user_is_named(corpus, export):
    """As of another laptop on which the numbers of annotations go on elsewhere."""
    import_annotations(corpus.root, [export("first", annotation(1), annotation(2))])
    other = export("second", annotation(51, emotion="sad"), annotation(52, emotion="sad"))
    outcome = import_annotations(corpus.root, [other])
    assert "2 new judgements have the task number of" in outcome.warnings[0]
    both = [annotation(51, task=7), annotation(60, emotion="fear", task=7)]
    assert not import_annotations(corpus.root, [export("third", *both)], server="b").warnings


def test_two_servers_in_one_file(corpus, export):
    path = export("both", annotation(1, by=LI), annotation(1, "b", 25), annotation(2, by=WANG))
    outcome = import_annotations(corpus.root, [path])
    assert (outcome.kept, outcome.details["refused"]) == (1, {"conflict": 2})
    assert counted(corpus) == [(0, "a01", "happy")]


def test_local_addresses_are_other_people_on_another_server(corpus, export):
    admin = {"id": 1, "email": "admin@localhost"}
    import_annotations(corpus.root, [export("first", annotation(1, by=admin))])
    second = export("second", annotation(1, "b", 25, admin))
    assert import_annotations(corpus.root, [second], server="laptop-2").kept == 1
    assert {row[1] for row in counted(corpus)} == {"a01", "a02"}


def test_one_person_on_two_servers_by_hand(corpus, export):
    path = corpus.root / "annotations/annotators.csv"
    path.parent.mkdir()
    path.write_text("annotator,server,number,email\nlead,one,1,\nlead,two,4,\n")
    import_annotations(corpus.root, [export("first", annotation(1))], server="one")
    second = export("second", annotation(1, "b", 25, by=4), first=1)
    assert import_annotations(corpus.root, [second], server="two").kept == 1
    assert {row[1] for row in counted(corpus)} == {"lead"}


def test_clips_that_lost_their_vote_to_a_collision_have_it_again():
    row = {"annotator": "a01", "server": "s", "project_id": 1, "task_id": 1, "unique_id": None}
    row |= {"annotation_id": 1, "status": "answered", "emotion": "sad", "import_sha256": ""}
    rows = [
        Judgement(clip_id=clip, created_at=time, updated_at=time, **row)
        for clip, time in (("a", "2026-11-22"), ("b", "2026-11-23"))
    ]
    assert [one.clip_id for one in latest(rows)] == ["a", "b"]


@pytest.mark.parametrize(
    "nobody", [None, {}, {"id": None, "email": None}, {"id": None, "email": ""}]
)
def test_answers_of_a_deleted_account_get_a_pseudonym(corpus, export, nobody):
    path = export("one", annotation(1, by=nobody), annotation(2, by=5))
    outcome = import_annotations(corpus.root, [path])
    assert (outcome.kept, outcome.details["refused"]) == (1, {"no annotator": 1})
    [failure] = outcome.failures
    assert failure.reason == (
        "its completed_by has neither id nor email, as after an account was deleted; to count it "
        "as an annotator's, import it with --nameless PSEUDONYM"
    )
    named = import_annotations(corpus.root, [path], nameless="a07")
    assert (named.kept, named.failures, named.details["nameless"]) == (1, [], 1)
    assert "1 annotations without an account count as those of a07" in named.warnings
    assert counted(corpus) == [(0, "a07", "happy"), (1, "a01", "happy")]
    again = import_annotations(corpus.root, [path])
    assert (again.kept, again.failures) == (0, [])
    newest = import_annotations(corpus.root, [export("two", annotation(3, by=6), first=4)])
    assert newest.kept == 1
    assert counted(corpus)[-1][1] == "a08"


def test_known_annotations_keep_their_annotator_when_the_account_is_deleted(corpus, export):
    import_annotations(corpus.root, [export("one", annotation(1, by=LI), annotation(2, by=LI))])
    newer = annotation(2, by=None, emotion="sad", updated_at="2026-11-28T08:00:00Z")
    outcome = import_annotations(
        corpus.root, [export("two", annotation(1, by=None), newer)], nameless="a05"
    )
    assert (outcome.kept, outcome.rejected, outcome.failures) == (1, {"imported before": 1}, [])
    assert counted(corpus) == [(0, "a01", "happy"), (1, "a01", "sad")]


@pytest.mark.parametrize("name", ["li@lab.example", "", "a 1"])
def test_a_pseudonym_must_be_one(corpus, name):
    with pytest.raises(ConfigurationError, match=r"use a pseudonym such as a03") as raised:
        import_annotations(corpus.root, [], nameless=name)
    assert "lab.example" not in str(raised.value)
