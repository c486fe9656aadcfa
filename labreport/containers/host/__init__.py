"""What this host is fit for: each module looks at one thing, and tries it where looking proves nothing.

What belongs in this folder: what `lab doctor` says about the host itself, and no collector's work.
"""
