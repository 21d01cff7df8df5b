"""Description of a version for people: draft with its known limits, card and plots.

Figures are measured in `audit` and `splits`; machine-readable descriptions belong in `exports`.
"""
