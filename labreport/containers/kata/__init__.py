"""Kata: its release archive, configuration and build."""
