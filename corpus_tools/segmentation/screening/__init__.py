"""Measures of a clip's sound, and the rules that accept or reject it by them.

Here belong functions that compute a measure, and rules that read records only. The thresholds,
reasons and wordings of the measures are rows of `corpus_tools.registries.measures`.
"""
