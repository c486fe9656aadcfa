"""Collectors write evidence; `records` is the contract on disk that both sides share."""
