"""Texts of clips: `transcribe`, `import-transcripts` and `compare-transcripts`.

Here belong the transcripts of a corpus, from subtitles, recognisers and files. Parsing subtitles
belongs in `corpus_tools.subtitles`, recognised text of whole takes in `corpus_tools.recordings`.
"""
