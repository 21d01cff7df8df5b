from hypothesis import given, settings
from hypothesis import strategies as st

from models.comparison.table import holm


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.text(max_size=2), st.floats(0.001, 1), min_size=1, max_size=5))
def test_holm_never_lowers_p_and_keeps_the_order(p_values):
    corrected = holm(p_values)
    assert all(corrected[key] >= p_values[key] - 1e-9 for key in p_values)
    ordered = sorted(p_values, key=p_values.__getitem__)
    assert [corrected[key] for key in ordered] == sorted(corrected.values())
