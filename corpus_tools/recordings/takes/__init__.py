"""Long takes: recognised text, matches with the script, cuts.

Here belongs everything between a take's sound and its clips but the alignment itself.
"""
