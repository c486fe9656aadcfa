"""Compare two states of the evidence, for `lab diff`: claims, failures, series, facts, versions, files."""
