"""Lab 12: Kata Containers beside runc. The lab's commands, a module for each step, in the sheets' order.

Edition 2025, and what goes beyond its sheet:

- `build`: task 1, Kata's shim from source
- `install`: task 1, Kata's guest assets and configuration
- `configure`: task 1, the runtime in containerd's configuration, which `runtime_table` edits
- `smoke`: task 1, the shim's version and the smoke test
- `juice_shop`: tasks 2 and 4, Juice Shop under runc
- `comparison`: task 2, kernel and processor of host and guest
- `isolation`: task 3, the sheet's tests under Kata
- `outside`: task 3, the containers seen from the host
- `views_kernel`: task 3, probes of the kernel and of privileges
- `views_machine`: task 3, probes of the machine and of what leaks from the host
- `startup`: task 4, start-up times
- `http_pair`: task 4, HTTP under both runtimes
- `memory`: task 4, memory of idle containers
- `phases`: task 4, where the time of a start goes
- `throughput`: task 4, the network
- `work`: task 4, processor and disk
- `quiet`: task 4, what is torn down before a measurement

Edition 2026, whose task 3 is in `startup` and `work`:

- `sheet_2026`: tasks 1 and 2, kernels, devices and capabilities
- `escapes`: task 4, escapes to what the host has
- `escapes_code`: task 4, escapes that have the host's kernel run code
- `escapes_runtime`: task 4, an escape through a flaw of the runtime
"""
