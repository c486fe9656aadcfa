"""Which hosts are asked for an image, and over which scheme."""

import pytest

from labreport.containers.images.registry import hosts, hosts_toml, parse_reference


@pytest.mark.parametrize(
    ("mirror", "url"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("mirror.example.org:443", "https://mirror.example.org:443"),
        ("192.0.2.7:5000", "https://192.0.2.7:5000"),
    ],
)
def test_plain_http_on_loopback_only(mirror: str, url: str) -> None:
    """Plain http is used only on loopback."""
    host = hosts(parse_reference("alpine:3.19"), mirror)[0]
    assert f'server = "{url}"' in hosts_toml(host)


def test_registry_after_its_mirror() -> None:
    """The mirror is asked first, then the registry, which may have a port."""
    asked = hosts(parse_reference("registry.example.org:8443/a/b:1"), "127.0.0.1:5000")
    assert [host.label for host in asked] == [
        "mirror of registry.example.org:8443",
        "registry registry.example.org:8443",
    ]
    assert (asked[1].name, asked[1].port, asked[1].scheme) == ("registry.example.org", 8443, "https")
