"""The cache of archives that labs install from: downloaded and unpacked once, shared by all runs."""
