"""Facts and claims: typed values read from evidence, and sentences bound to them."""
