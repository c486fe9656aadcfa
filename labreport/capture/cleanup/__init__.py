"""Finding and removing what a run left behind."""
