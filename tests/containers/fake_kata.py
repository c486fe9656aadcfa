"""A fake Kata shim, whose guest hangs at boot a given number of times. The test machine cannot run Kata.

Everything else is real: containerd starts the shim for the runtime type io.containerd.kata.v2, and after the
last hang runc's own shim takes over. A hang looks like one of Kata: the shim's server runs, in a network
namespace and a cgroup that the shim created, accepts the request to create the task, and never answers. The
arguments of a shim and its output are described in core/runtime/v2/README.md of containerd.
"""

import sys
from pathlib import Path

from labreport.containers.host import guest, kvm

HANGS, GIVES_UP, FAILS = "hangs", "gives-up", "fails"
"""What a start can do: hang, print Kata's message about a guest that does not answer, print another error."""

SHIM = '''#!{python}
"""A shim whose first starts do what the lines of the file `plan` say; runc's own takes over afterwards."""

import hashlib, os, secrets, socket, subprocess, sys, time
from pathlib import Path

plan = Path(__file__).with_name("plan")
words = sys.argv[1:]
option = dict(zip(words, words[1:]))
if words[-1] == "start":
    word, _end, rest = plan.read_text().partition("\\n")
    plan.write_text(rest)
    if word == "gives-up":
        sys.exit("hybrid vsock: failed to connect to HybridVsock {{ uds: \\"kata.hvsock\\", port: 1024 }}")
    if word == "fails":
        sys.exit("cannot load guest kernel into guest memory")
    if word == "hangs":
        name = f"{{option['-address']}}/{{option['-namespace']}}/{{option['-id']}}"
        path = f"/run/containerd/s/{{hashlib.sha256(name.encode()).hexdigest().upper()}}"
        os.makedirs("/run/containerd/s", exist_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        os.makedirs("/run/netns", exist_ok=True)
        netns = f"/run/netns/cnitest-{{secrets.token_hex(8)}}"
        Path(netns).touch()
        subprocess.run(["unshare", f"--net={{netns}}", "true"], check=True)
        fd, null = server.fileno(), subprocess.DEVNULL
        serve = ["nsenter", f"--net={{netns}}", sys.executable, __file__, "-id", option["-id"], str(fd)]
        top = Path("/sys/fs/cgroup")
        top = top if (top / "cgroup.controllers").exists() else top / "memory"
        (top / option["-namespace"] / option["-id"]).mkdir(parents=True)
        streams = {{"stdin": null, "stdout": null, "stderr": null}}
        subprocess.Popen(serve, pass_fds=[fd], process_group=0, **streams)
        print(f"unix://{{path}}", end="")
        sys.exit()
if words[0] == "-id" and words[-1].isdigit():
    connection, _address = socket.socket(fileno=int(words[-1])).accept()
    time.sleep(3600)
os.execv("{runc}", ["{runc}", *words])
'''


def write_shim(folder: Path, runc: str, *plan: str) -> None:
    """Write a fake Kata shim to `folder`, whose starts follow `plan`. `runc` is the path of runc's shim."""
    shim = folder / "containerd-shim-kata-v2"
    shim.write_text(SHIM.format(python=sys.executable, runc=runc))
    shim.chmod(0o755)
    (folder / "plan").write_text("".join(f"{word}\n" for word in plan))


def pretend_kvm(cache: Path) -> None:
    """Note in a cache (XDG_CACHE_HOME) that a guest ran under KVM here. Without a device, do nothing."""
    if kvm.DEVICE.exists():
        (cache / "lab").mkdir(mode=0o755, parents=True, exist_ok=True)
        note = kvm.note(kvm.boot_and_device(), kvm.GuestTrial(guest.DONE, "", 0.01))
        (cache / "lab" / kvm.NOTE).write_bytes(note)
