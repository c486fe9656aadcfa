"""A report that quotes all of its evidence, in every style that reports have."""

from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.audit.audit import audit_report
from labreport.audit.evidence import read_evidence
from labreport.audit.inputs.tree import FolderTree
from labreport.audit.model import ReportAudit
from labreport.audit.report import Report

FILES = {
    "setup/version.txt": "boxer 3.23.0 (commit 9dfa6df2cba8ae0e4fd32ae93f186dd47723b1b5)\n",
    "box/uname.txt": "Linux 7f2bb2b8943d 6.12.47 #1 SMP Fri Nov 14 15:34:06 UTC 2025 x86_64 Linux\n",
    "box/cpu.txt": "model name\t: AMD EPYC\n",
    "plain/health.txt": "plain: HTTP 200\n",
    "analysis/kernels.txt": "Host kernel: 6.17.9-arch1-1\nGuest kernel: 6.12.47\n",
    "analysis/proc.txt": "=== Entries in /proc ===\nHost: 449\nGuest VM: 52\n",
    "analysis/network.txt": (
        "1: lo: <LOOPBACK,UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n"
        "2: eth0: <BROADCAST,UP> mtu 1500\n    link/ether 2a:e6:80:ac:f7:bc\n"
        "    inet 10.4.0.11/24 scope global eth0\n"
    ),
    "bench/startup.txt": "plain:\nreal\t0m1.620s\nboxed:\nreal\t0m1.774s\n",
    "bench/latency.txt": "plain, port 3012:\navg=0.0026s min=0.0018s max=0.0071s n=50\n",
}

REPORT = """\
# Lab

## Task 1: the boxer

The shim says:

```1:1:labs/lab/setup/version.txt
boxer 3.23.0 (commit 9dfa6df2cba8ae0e4fd32ae93f186dd47723b1b5)
```

From `box/uname.txt`:

~~~text
Linux 7f2bb2b8943d 6.12.47 #1 SMP Fri Nov 14 15:34:06 UTC 2025 x86_64 Linux
~~~

- The processor, `labs/lab/box/cpu.txt`:

  ```
  model name\t: AMD EPYC
  ```

## Task 2: two kernels

**analysis/kernels.txt**

````
Host kernel: 6.17.9-arch1-1
Guest kernel: 6.12.47
````

The host runs the kernel 6.17.9-arch1-1 and the guest 6.12.47.

### Entries (`analysis/proc.txt`)

```
=== Entries in /proc ===
Host: 449
Guest VM: 52
```

- Host: 449
- Guest VM: 52

> ```2:3:analysis/proc.txt
> Host: 449
> Guest VM: 52
> ```

[The network](labs/lab/analysis/network.txt):

```text
2: eth0: <BROADCAST,UP> mtu 1500
    link/ether 2a:e6:80:ac:f7:bc
    inet 10.4.0.11/24 scope global eth0
```

<details>
<summary>health</summary>

```
plain: HTTP 200
```

Source: `plain/health.txt`

</details>

## Task 3: startup

```console
$ cat bench/startup.txt
plain:
real\t0m1.620s
boxed:
real\t0m1.774s
```

The plain startup took 1.62 s and the boxed one 1.774 s, 0.154 s slower.

| latency | avg | max |
|---|---|---|
| plain | 2.6 ms | 7.1 ms |

```bash
curl -s http://localhost:3012 | tee bench/latency.txt
```

=== "Latency"

    ```
    avg=0.0026s min=0.0018s max=0.0071s n=50
    ```
"""

Audit = Callable[..., ReportAudit]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Return a function that audits a report with files: those above, changed as the caller says."""

    def audited(
        report: str | bytes = REPORT, changed: dict[str, str | bytes] | None = None, *, only: bool = False
    ) -> ReportAudit:
        folder = tmp_path / "evidence"
        for path, content in {**({} if only else FILES), **(changed or {})}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
        folder.mkdir(exist_ok=True)
        tree = FolderTree(folder)
        data = report.encode() if isinstance(report, str) else report
        return audit_report(Report("report", "report.md", data), read_evidence(tree, tree.files()))

    return audited
