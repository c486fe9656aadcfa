"""Container images: from an archive, a registry or the distribution."""
