"""containerd's configuration with Kata added: comments, order and everything else stay."""

import doctest
import tomllib

import pytest

from collectors.lab12 import runtime_table
from collectors.lab12.runtime_table import PLUGINS, TableError, config_version, with_kata
from labreport.containers.ctr import KATA
from labreport.containers.kata.values import ConfigurationError, with_values

DEBIAN = """\
version = 2

# mine
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni" # Debian's
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
"""
WITH_RUNC = """\
version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = 'runc'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes]
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = 'io.containerd.runc.v2'
"""


@pytest.mark.parametrize(
    ("text", "version"), [(DEBIAN, 2), (WITH_RUNC, 3), ("", 2), ("", 3), ("# only\n", 2)]
)
def test_kata_is_added_and_all_else_stays(text: str, version: int) -> None:
    """The table is where this version of containerd reads it. All earlier lines are still there."""
    if text.startswith("#"):
        text = f"{text}version = {version}\n"
    after = with_kata(text, version)
    table = tomllib.loads(after)["plugins"][PLUGINS[version]]["containerd"]["runtimes"]
    assert table["kata"] == {"runtime_type": KATA}
    lines = iter(after.splitlines())
    assert all(line in lines for line in text.splitlines() if line.strip()), after
    before = tomllib.loads(text)
    assert before.get("version", version) == tomllib.loads(after)["version"]
    assert with_kata(after, version) == after


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("version = 2\n[plugins", "not TOML: .*line 2"),
        ("version = 2\nversion = 3\n", "not TOML"),
        ("[plugins]\n", "of version 1"),
        ("version = 1\n", "of version 1"),
        ("version = 9\n", "of version 9"),
        ("version = 2\nplugins = 1\n", "plugins: not a table"),
        ('version = 2\n[plugins."io.containerd.grpc.v1.cri"]\ncontainerd = "x"\n',
         "cri.containerd: not a table"),
        (DEBIAN + '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]\nruntime_type = "mine"\n',
         "kata: is there already, of type 'mine'"),
        (DEBIAN + '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes]\nkata = 1\n',
         "is there already"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited(text: str, what: str) -> None:
    """The error says where and why."""
    with pytest.raises(TableError, match=what):
        with_kata(text, 2)


def test_values_are_set_where_they_are() -> None:
    """Comments stay. A key that does not exist is an error."""
    text = '[hypervisor.dragonball] # monitor\nkernel_params = "" # of the guest\n'
    assert with_values(text, {"hypervisor.dragonball.kernel_params": "quiet"}) == text.replace(
        '""', '"quiet"'
    )
    with pytest.raises(ConfigurationError, match=r"hypervisor.qemu.kernel_params: not in the configuration"):
        with_values(text, {"hypervisor.qemu.kernel_params": "quiet"})
    with pytest.raises(ConfigurationError, match="not TOML"):
        with_values("[", {})


def test_examples() -> None:
    """The examples in docstrings are true."""
    result = doctest.testmod(runtime_table)
    assert result.attempted
    assert result.failed == 0


def test_no_version() -> None:
    """An output without a version is an error."""
    with pytest.raises(TableError, match="prints no version: 'hello'"):
        config_version("hello")
