"""Find and remove what a run left behind on the host."""
