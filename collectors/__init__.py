"""The labs of this project, a folder each."""
