"""What changed between two states of the evidence: facts, series, failures, versions, claims, then bytes."""
