"""Input of a run: media files with their sources, and what people chose in them.

Sources are identified here, and manual regions and review decisions read and stored; their effect
on cuts and decisions belongs in `planning` and `screening`.
"""
