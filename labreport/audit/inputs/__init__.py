"""Read reports and evidence: from a folder, or from the objects of a git repository."""
