"""Division of clips into groups, train, val, test and folds, and its stability between versions.

Measures of what a split leaks belong in `audit`.
"""
