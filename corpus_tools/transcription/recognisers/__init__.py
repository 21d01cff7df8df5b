"""Speech recognisers: the interface, the lookup by name, and Whisper.

Here belongs what turns samples into text and word times; nothing here knows a corpus. A recogniser
of another package is found by the entry point group `corpus_tools.recognisers`.
"""
