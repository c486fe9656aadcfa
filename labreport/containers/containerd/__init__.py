"""containerd, private or of the host, and containers started with ctr."""
