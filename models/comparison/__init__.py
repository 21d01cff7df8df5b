"""Comparison of systems on any manifest: the paper's Table 2 and Figures 5 and 6."""
