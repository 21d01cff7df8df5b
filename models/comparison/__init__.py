"""Comparison of systems on any manifest: the paper's Table 2 and Figures 5 and 6.

The systems and the classical baseline belong here, and the statistics of their differences; how a
network is trained is in :mod:`models.training`.
"""
