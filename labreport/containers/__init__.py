"""A private containerd, images and networks: runc and Kata asked for in the same words."""
