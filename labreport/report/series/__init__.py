"""Series of timed runs and their statistics, as pure functions from values to values."""
