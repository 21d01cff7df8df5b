"""Measures of a divided manifest: leakage between the sides, near-duplicate texts, label cues.

They report; nothing here changes a split.
"""
