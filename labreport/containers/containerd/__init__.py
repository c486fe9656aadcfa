"""The containerd of a collect: its configuration, its start and end, and the teardown of its containers."""
