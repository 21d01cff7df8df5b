"""Whatever becomes of an export: no crash, no silent loss, nothing outside the corpus."""

import copy
import json
import random
import shutil

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.importing import import_annotations
from annotation.judgements import read_judgements
from manifests.emotions import EMOTIONS

EMAIL = "rater1@lab.example"
JUNK = [
    None,
    True,
    -1,
    0,
    10**30,
    1e308,
    float("nan"),
    float("-inf"),
    "",
    "../../x",
    "<script>alert(1)</script>",
    "\ud800",
    EMAIL,
    "长" * 3000,
    [],
    {},
    [[[[]]]],
    {"id": 2, "email": EMAIL},
    {"text": [EMAIL]},
    {"choices": ["NOT_A_CLASS"]},
    "2026-11-22T14:00:52Z",
    json.loads("[" * 300 + "]" * 300),
]


def places(value, path=()):
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        if isinstance(entry, dict | list):
            yield from places(entry, (*path, key))
        else:
            yield (*path, key)


def mutate(tasks, chance):
    """Replace, remove, repeat or swap one part."""
    paths = [path for path in places(tasks) if path]
    if not paths:
        return
    path = chance.choice(paths)
    parent = tasks
    for key in path[:-1]:
        parent = parent[key]
    kind = chance.choice(["replace", "remove", "repeat", "swap"])
    if kind == "remove":
        del parent[path[-1]]
    elif kind == "repeat" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    elif kind == "swap":
        other = chance.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        parent[path[-1]], parent[other] = parent[other], parent[path[-1]]
    else:
        parent[path[-1]] = copy.deepcopy(chance.choice(JUNK))


def total(tasks):
    """Annotations, and tasks that hold none because they are no tasks."""
    lists = [task.get("annotations") if isinstance(task, dict) else None for task in tasks]
    return sum(len(found) if isinstance(found, list) else 1 for found in lists)


@given(seed=st.integers(0, 2**32), mutations=st.integers(1, 8))
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_annotation_of_a_mutated_export_is_taken_or_listed(
    corpus, exporter, items, seed, mutations
):
    chance = random.Random(seed)
    shutil.rmtree(corpus.root / "annotations", ignore_errors=True)
    exporter.tasks, exporter.last = [], 0
    for clip_id in corpus.ids()[:3]:
        annotations = [
            exporter.annotation(
                items(chance.choice(EMOTIONS), text="巴适", confidence=2, problems=["music"]),
                completed_by=chance.choice([1, {"id": 2, "email": EMAIL}]),
                was_cancelled=chance.random() < 0.2,
            )
            for _ in range(2)
        ]
        exporter.task(clip_id, *annotations)
    for _ in range(mutations):
        mutate(exporter.tasks, chance)
    path = exporter.write()
    outside = sorted(corpus.root.parent.rglob("*"))

    outcome = import_annotations(corpus.root, [path])

    rows = list(read_judgements(corpus.root))
    assert outcome.kept == len(rows)
    listed = outcome.rejected.total() + len(outcome.failures)
    assert outcome.items_in == outcome.kept + listed
    whole_file = [failure for failure in outcome.failures if failure.item == str(path)]
    assert outcome.items_in == (1 if whole_file else total(exporter.tasks))
    assert all(row.clip_id in corpus.ids() for row in rows)
    hidden = [row.transcript for row in rows if row.transcript != EMAIL]
    assert EMAIL not in repr([hidden, outcome.failures, outcome.warnings, outcome.details])
    new = set(corpus.root.parent.rglob("*")) - set(outside)
    assert all(file.is_relative_to(corpus.root / "annotations") for file in new)

    again = import_annotations(corpus.root, [path])
    assert (again.kept, again.outputs) == (0, [])
    assert len(again.failures) == len(outcome.failures)
