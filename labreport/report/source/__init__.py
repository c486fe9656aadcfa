"""Evidence as a report cites it: sets, files, ranges, slices."""
