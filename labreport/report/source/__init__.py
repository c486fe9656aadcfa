"""Evidence as a report cites it: sets, files, line ranges, slices, and the difference of two files."""
