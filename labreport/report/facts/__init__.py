"""Facts and claims: typed values that are read from evidence, and sentences that are bound to them."""
