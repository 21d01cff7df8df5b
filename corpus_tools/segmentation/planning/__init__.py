"""Planner of the cuts of a source: candidate edges, their costs, and speaker changes.

Here belongs what decides where clips begin and end, given the activity of a track and its
subtitles. Whether a clip is good enough to be labelled is decided in `screening`.
"""
