"""The language of facts and claims: read, worked out from evidence, and explained in words."""
