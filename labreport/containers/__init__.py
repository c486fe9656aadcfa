"""What any lab with containers needs: containerd, images, networks, Kata, probes and escape attempts.

The commands of one lab, and what its sheet asks for, belong to `collectors/NAME`.
"""
