"""The format on disk: records, lab.yml, reading, verifying. Imports nothing else of ours."""
