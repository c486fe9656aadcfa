"""Networks for containers: namespaces on a bridge, and port mappings, made by CNI plugins."""
