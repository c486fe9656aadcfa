"""What lab.yml may name: addresses, and images of containers."""

import pytest
from pydantic import ValidationError

from labreport.contract.lab_config import Archive, LabImage, http_address

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8088/a.tar",
        "https://example.org",
        "http://[::1]:80/x",
        "https://xn--bcher-kva.example/a%20b?c=d@e#f",
    ],
)
def test_addresses(text: str) -> None:
    """A host by its name or its number, with or without a port."""
    assert http_address(text) == text
    assert Archive(url=text).url == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no address of http or https"),
        ("/etc/passwd", "no address of http or https"),
        ("mirror.example/kata.tar.zst", "no address of http or https"),
        ("file:///etc/passwd", "no address of http or https"),
        ("ftp://example.org/x", "no address of http or https"),
        ("http:///x", "no address of http or https"),
        ("http://h:0/x", "no address of http or https"),
        ("http://h:80b/x", "is no address: Port"),
        ("http://h:99999/x", "is no address: Port"),
        ("http://[bad/x", "is no address: Invalid IPv6"),
        ("http://a..b/x", "is no address: "),
        (f"http://{'a' * 70}.b/x", "is no address: "),
        ("http://h/a b", "cannot have: write it as %20"),
        ("http://h/a\nb", "cannot have: write it as %20"),
        ("http://h/ok\u00fc", "cannot have: write it as %20"),
        ("http://me:secret@h/ \u00fc", "has a user name or a password"),
        ("http://me:secret@[h", "has a user name or a password"),
    ],
)
def test_what_is_no_address(text: str, why: str) -> None:
    """The reason is true, and a password is never shown."""
    with pytest.raises(ValueError, match=r".") as caught:
        http_address(text)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["/etc/passwd", "mirror.example/kata.tar.zst", "http://h:x/"])
def test_an_archive_has_an_address(url: str) -> None:
    """A path is a mistake in lab.yml: it was once used without its checksum. No address is allowed."""
    assert Archive().url == ""
    with pytest.raises(ValidationError, match="is no address"):
        Archive(url=url)


@pytest.mark.parametrize(
    "name",
    [
        "alpine",
        "alpine:3.19",
        "docker.io/library/alpine:3.19",
        "host:5000/a/b-c_d.e:V1",
        "localhost/x",
        "h.x/y",
    ],
)
def test_names_of_images(name: str) -> None:
    """A registry with or without a port, a repository, a tag."""
    assert LabImage(reference=name, digest=DIGEST).reference == name


@pytest.mark.parametrize(
    "name",
    ["", "host:abc/y:1", "host:99999/y:1", "[::1]:5000/y:1", "a b", "A/b", "x@sha256:0", "x:", "http://h/x"],
)
def test_what_is_no_name_of_an_image(name: str) -> None:
    """It is a mistake in lab.yml."""
    with pytest.raises(ValidationError, match="no name of an image"):
        LabImage(reference=name, digest=DIGEST)
