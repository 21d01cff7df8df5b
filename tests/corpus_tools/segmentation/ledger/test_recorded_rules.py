import pytest

from corpus_tools.segmentation.ledger.decisions import recorded_rules
from corpus_tools.segmentation.screening.rules import Rules
from manifests.storage.shards import STAGES, write_shard


@pytest.mark.parametrize(
    ("recorded", "rules"),
    [
        ({"max_music": 0.25, "of_another_version": 1}, Rules(max_music=0.25)),
        ({"max_music": "much"}, None),
        (["max_music"], None),
        (None, None),
    ],
)
def test_known_rules_are_read_and_others_left_out(tmp_path, recorded, rules):
    write_shard(tmp_path, STAGES["screen"], "e1-0123456789ab", [], {"rules": recorded})
    assert recorded_rules(tmp_path, "e1-0123456789ab") == rules
