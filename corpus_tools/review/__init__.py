"""Pages to see and hear the cuts of a source, and the decisions that come back from them.

Moving the edges of a clip belongs in `corpus_tools.segmentation`.
"""
