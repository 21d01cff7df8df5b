"""Metrics of trained models with confidence intervals, calibration and reports."""
