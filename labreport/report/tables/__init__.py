"""Tables of what was captured, tried and published, free of any markup: site and export render them."""
