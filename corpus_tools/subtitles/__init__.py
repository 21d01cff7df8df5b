"""Subtitles: files and tracks, formats, encodings, languages, speakers named in lines.

Here belongs the way from a file or track to timed lines; it is used by cutting and transcription
and knows neither. Synchronising lines with speech belongs in `corpus_tools.segmentation.subtitles`.
"""
