"""The script of a session, and recordings of a single line each.

Here belong the lines, speakers and texts of a script; takes of several lines belong in `takes`.
"""
