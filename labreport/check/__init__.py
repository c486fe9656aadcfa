"""What `lab check` finds beyond a build: numbers bound to no evidence, evidence that nobody shows."""
