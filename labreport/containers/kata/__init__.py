"""Kata Containers on this host: its release archive, its configuration, and whether it can run."""
