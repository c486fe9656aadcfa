"""Questions asked of the host and of containers, answered side by side."""
