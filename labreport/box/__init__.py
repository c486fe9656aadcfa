"""A disposable virtual machine with KVM, for hosts that have none.

What belongs here: making the machine's image, starting and stopping it, and capturing in it. `lab box` is in
`labreport.cli`; what a capture does is in `labreport.capture`, which runs unchanged inside the machine.
"""
