"""Container images: from an archive, from a registry, or built from busybox."""
