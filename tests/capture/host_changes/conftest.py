"""A folder that stands for a host."""

from pathlib import Path

import pytest


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Return a folder that stands for a host, with files, links, modes and a tree."""
    host = tmp_path / "host"
    (host / "etc/containerd").mkdir(parents=True)
    (host / "etc/containerd/config.toml").write_text("version = 2\n")
    (host / "etc/containerd/config.toml").chmod(0o640)
    (host / "etc/link").symlink_to("containerd/config.toml")
    (host / "opt/kata/bin").mkdir(parents=True)
    (host / "opt/kata/bin/old").write_text("old")
    (host / "opt/kata/bin/old").chmod(0o755)
    return host
