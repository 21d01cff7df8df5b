"""Cutting of films and sound files into screened clips: ``corpus segment`` and ``corpus screen``.

Each step from a media file to screening decisions has a sub-package; the modules beside them join
the steps into commands. Decoding of files belongs in `corpus_tools.media`, text in
`corpus_tools.transcription`, scripted sessions in `corpus_tools.recordings`.
"""
