"""Networks for containers, by CNI plugins."""
