"""Look up the numbers and names in a report's text in the evidence."""
