"""Images that commands write: stored without what identifies anybody, with their command and a count."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from labreport.capture.adopt import adopt
from labreport.capture.collect import record_by_hand
from labreport.capture.declare import DeclarationError
from labreport.capture.store import StoreError
from labreport.contract.fields import MAX_BYTES
from labreport.contract.images import clean_image
from labreport.contract.records import Record, Status, dump
from tests.capture.throwaway import Throwaway
from tests.contract.images.made import SECRET, Shown, saved, with_metadata

SHOT = 'writes=["shots/front.png"]'
COPY = """
with run.image("shots/front.png") as image:
    run.command(["cp", "{source}", str(image)])
"""


def planted(project: Throwaway, data: bytes, name: str = "raw.bin") -> Path:
    """Put a file beside the project, and return its path."""
    path = project.root / name
    path.write_bytes(data)
    return path


def probe(project: Throwaway, data: bytes, body: str = COPY) -> tuple[Status, str]:
    """Collect an image that a command copies; return the status and the reason."""
    status = project.probe(body.format(source=planted(project, data)), SHOT)
    return status.status, status.reason


def test_an_image_is_stored_without_metadata(project: Throwaway) -> None:
    """The file has the same pixels, the record its command and what was left out, and the set is intact."""
    data = with_metadata("PNG")
    assert probe(project, data) == (Status.CAPTURED, "")
    stored = project.read("shots/front.png")
    assert SECRET not in stored
    assert Shown.of(stored) == Shown.of(data)
    record = project.record()
    assert (record.files[0].path, record.files[0].bytes, record.files[0].lines) == (
        "shots/front.png",
        len(stored),
        0,
    )
    assert [span.command for span in record.files[0].spans] == [0]
    counts = {rule: count for rule, count in record.redactions.counts.items() if rule.startswith("image-")}
    assert counts == {"image-exif": 1, "image-text": 2, "image-time": 1, "image-xmp": 1}
    assert project.verify().findings == ()


def test_the_record_names_the_image_and_no_path_of_this_machine(project: Throwaway) -> None:
    """What the command was given is the evidence path, as it stands in `writes`."""
    probe(project, saved("PNG"))
    assert project.record().commands[0].argv[-1] == "shots/front.png"


def test_a_failed_capture_keeps_no_metadata(project: Throwaway) -> None:
    """A command that prints an image into a file is refused, and so is what it printed."""
    body = 'with run.file("shots/front.png") as out:\n    out.run(["cat", "{source}"])\n'
    assert probe(project, with_metadata("PNG"), body)[0] is Status.FAILED
    kept = [path for path in (project.folder / "failed").rglob("*") if path.is_file()]
    assert all(SECRET not in path.read_bytes() for path in kept)


def test_nothing_is_left_where_the_command_wrote(project: Throwaway) -> None:
    """Not even if the capture fails: the raw image is no evidence, and names somebody."""
    body = COPY + "\nprint(image, file=open('{source}.path', 'w'))\nraise ValueError\n"
    assert probe(project, with_metadata("PNG"), body)[0] is Status.FAILED
    raw = Path((project.root / "raw.bin.path").read_text().strip())
    assert not raw.exists()
    kept = [path for path in (project.folder / "failed").rglob("*") if path.is_file()]
    assert all(SECRET not in path.read_bytes() for path in kept)
    clean_image("front.png", (project.folder / "failed/probe/shots/front.png").read_bytes())


REFUSED = [
    (saved("PNG") + b"PK\x03\x04", COPY, "4 bytes follow the end of the image"),
    (saved("PNG")[:-4], COPY, "is cut off"),
    (saved("JPEG"), COPY, "is JPEG, and its name says PNG"),
    (b"<svg/>", COPY, "is SVG, and its name says PNG"),
    (b"", COPY, "is empty, and its name says PNG"),
    (b"\0" * (MAX_BYTES + 1), COPY, f"{MAX_BYTES + 1} bytes, at most {MAX_BYTES}: make it smaller"),
    (b"", 'with run.image("shots/front.png"):\n    run.command(["true"])\n', "did not write it"),
    (b"", 'with run.image("shots/front.png"):\n    pass\n', "no command ran"),
    (b"", 'with run.image("shots/front.png") as i:\n    run.command(["mkdir", str(i)])\n', "a directory"),
    (b"", 'with run.image("shots/front.png") as i:\n    run.command(["mkfifo", str(i)])\n', "a FIFO"),
    (
        saved("PNG"),
        'with run.image("shots/front.png") as i:\n    run.command(["ln", "-s", "{source}", str(i)])\n',
        "a symbolic link",
    ),
    (
        with_metadata("PNG"),
        'with run.file("shots/front.png") as out:\n    out.run(["cat", "{source}"])\n',
        "has metadata, which may name people",
    ),
    (b"<svg/>", 'with run.file("shots/front.png") as out:\n    out.run(["cat", "{source}"])\n', "is SVG"),
]


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(("data", "body", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_is_no_clean_image_is_no_evidence(project: Throwaway, data: bytes, body: str, why: str) -> None:
    """The reason says what is wrong with which file, and nothing is stored."""
    status, reason = probe(project, data, body)
    assert status is Status.FAILED
    assert why in reason
    assert "shots/front." in reason
    assert not (project.folder / "shots").exists()


def test_another_ending_is_refused(project: Throwaway) -> None:
    """Only the endings of PNG, JPEG and WebP are those of images."""
    body = 'with run.image("front.svg"):\n    pass\n'
    status = project.probe(body, 'writes=["front.svg"]')
    assert status.reason.startswith("front.svg: has not the name of an image: end it in .png, .jpg")


def test_an_image_that_is_not_declared_is_refused(project: Throwaway) -> None:
    """At once, as any file: with the line, and before anything runs."""
    with pytest.raises(DeclarationError, match="which it does not declare"):
        project.probe('with run.image("shots/front.png"):\n    pass\n')


def test_an_image_by_hand(project: Throwaway) -> None:
    """`lab record` takes the file that the command names as {}, and the record shows it so."""
    raw = planted(project, with_metadata("JPEG"))
    argv = ["cp", str(raw), "{}"]
    status = record_by_hand(project.target(), "shots/mine.jpg", argv, project.watch)
    assert status.status is Status.CAPTURED
    assert SECRET not in project.read("shots/mine.jpg")
    assert project.record("by-hand-shots-mine.jpg").commands[0].argv == ["cp", "./raw.bin", "{}"]


def test_an_image_by_hand_needs_its_place(project: Throwaway) -> None:
    """Without it nothing is run, and the error gives an example."""
    with pytest.raises(DeclarationError) as caught:
        record_by_hand(project.target(), "shots/mine.jpg", ["true"], project.watch)
    assert caught.value.path == "shots/mine.jpg"
    assert "{}" in caught.value.remedy


def test_two_commands_and_two_images(project: Throwaway) -> None:
    """Each image has the last command of its own block."""
    raw = planted(project, saved("PNG"))
    body = f"""
    for name in ("a.png", "b.png"):
        with run.image(name) as image:
            run.command(["true"])
            run.command(["cp", "{raw}", str(image)])
    """
    assert project.probe(body, 'writes=["a.png", "b.png"]').status is Status.CAPTURED
    assert [file.spans[0].command for file in project.record().files] == [1, 3]


def test_an_image_with_metadata_is_not_adopted(project: Throwaway) -> None:
    """A set that is whole but for it is refused by name, and nothing is taken over."""
    probe(project, saved("PNG"))
    incoming = project.root / "incoming" / project.name
    shutil.copytree(project.folder, incoming)
    assert adopt(project.folder, incoming) == []
    (incoming / "shots/front.png").write_bytes(data := with_metadata("PNG"))
    record = incoming / "records/probe.json"
    made = Record.model_validate_json(record.read_bytes())
    file = made.files[0].model_copy(update={"bytes": len(data), "sha256": sha256(data).hexdigest()})
    record.write_bytes(dump(made.model_copy(update={"files": [file]})))
    with pytest.raises(StoreError, match="has metadata, which may name people") as caught:
        adopt(project.folder, incoming)
    assert caught.value.path == f"{project.name}/shots/front.png"
    assert project.read("shots/front.png") == saved("PNG")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_a_screenshot(project: Throwaway) -> None:
    """Chromium makes one of a page, which is an image of the size that was asked for."""
    page = planted(project, b"<h1>Hello</h1>", "page.html")
    chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=320,200"]
    body = f"""
    with run.image("shots/front.png") as image:
        run.command({chromium!r} + ["--screenshot=" + str(image), "file://{page}"], timeout=60)
    """
    assert project.probe(body, SHOT).status is Status.CAPTURED
    image = clean_image("front.png", project.read("shots/front.png"))
    assert (image.width, image.height) == (320, 200)
