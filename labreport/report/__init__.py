"""From evidence to values and pictures. Knows no host, no lab and no site generator."""
