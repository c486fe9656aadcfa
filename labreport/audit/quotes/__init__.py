"""Judge each block that a report quotes: which file it is from, and how it compares with that file."""
