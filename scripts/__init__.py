"""What people call: the command line, and short shell scripts beside it."""
