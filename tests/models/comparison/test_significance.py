from hypothesis import given, settings
from hypothesis import strategies as st

from models.comparison.significance import holm


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.text(max_size=2), st.floats(0.001, 1), min_size=1, max_size=5))
def test_holm_raises_and_keeps_the_order(chances):
    raised = holm(chances)
    assert all(raised[key] >= chances[key] - 1e-9 for key in chances)
    ordered = sorted(chances, key=chances.__getitem__)
    assert [raised[key] for key in ordered] == sorted(raised.values())
