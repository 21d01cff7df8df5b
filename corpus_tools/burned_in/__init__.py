"""Subtitles burned into a film's picture: where they are, what they say, and from when to when.

Here belongs what reads text from pictures: ``corpus read-subtitles``. What the lines become, cut
edges and texts, belongs to the parts that take subtitle files.
"""
