"""Evaluation of trained models: metrics with intervals, chance, calibration, slices and pages.

Functions of labels and predictions, and the command's run over a split. Comparisons of several
systems are in :mod:`models.comparison`.
"""
