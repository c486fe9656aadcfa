"""Attempts to escape from a container, judged by what changed on the host."""
