"""A disposable KVM host: a Debian virtual machine made from packages, for hosts that have no KVM to offer."""
