"""Voice activity of a track: detectors, activity frame by frame, and the decoded track.

Here belongs what describes a whole track before it is cut. Detectors of other packages are found
through `corpus_tools.registries.voice_detectors`.
"""
