"""Local page on which one records or drops a file and sees its emotions over time."""
