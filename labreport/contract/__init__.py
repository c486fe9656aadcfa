"""The format on disk: records, lab.yml, and how they are read and verified. Imports no other folder."""
