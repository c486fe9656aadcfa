"""Series of samples and what they say."""
