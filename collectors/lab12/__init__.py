"""Lab 12: Kata Containers beside runc. The lab's commands and nothing else."""
