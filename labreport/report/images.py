"""An image of the evidence on a page: verified to be nothing else, with words for who cannot see it."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from labreport.contract.images import ImageError, ImageFile, clean_image, is_image_path
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.slices import SliceRequest

LONGEST_ALT = 300
"""The most characters of an alternative text: a screen reader reads it in one go."""

_WRITE_ALT = 'say what it shows to a reader who cannot see it: alt="The log-in page with two fields"'


@dataclass(frozen=True)
class EvidenceImage:
    """An evidence file that is an image, and its alternative text."""

    block: Block
    image: ImageFile
    alt: str

    @property
    def blocks(self) -> tuple[Block]:
        """The evidence behind the image."""
        return (self.block,)

    @property
    def shape(self) -> str:
        """The width as a multiple of the height, for a style sheet that bounds the height."""
        return f"{self.image.width / self.image.height:.4f}"


def evidence_image(evidence: Evidence, page: Page, path: object, alt: object) -> EvidenceImage | Gap:
    """Return the image that a page names. Raise FaultError if it is none, or has no alternative text."""
    if not isinstance(path, str):
        raise FaultError(f"the path is {path!r}", 'give it in quotes: image("shots/front.png", alt="…")')
    words = _alt(path, alt)
    block = cite(evidence, page, SliceRequest(path))
    if isinstance(block, Gap):
        return block
    name = block.content.path
    if not is_image_path(name):
        raise FaultError(f"{block.path} has not the name of an image", f'write evidence("{path}")')
    try:
        return EvidenceImage(block, clean_image(name, block.content.data), words)
    except ImageError as error:
        raise FaultError(f"{block.path}: {error.what}", error.remedy) from error


def _alt(path: str, alt: object) -> str:
    """Return an alternative text as one line; raise FaultError if it is none, or is too long."""
    if alt is None:
        raise FaultError(f"{path} has no alternative text", _WRITE_ALT)
    if not isinstance(alt, str):
        raise FaultError(f"alt of {path} is {alt!r}", _WRITE_ALT)
    words = " ".join(alt.split())
    name = PurePosixPath(path)
    if not words or words.lower() in {name.name.lower(), name.stem.lower(), path.lower()}:
        raise FaultError(f"the alternative text of {path} says nothing of what it shows", _WRITE_ALT)
    if len(words) > LONGEST_ALT:
        what = f"the alternative text of {path} has {len(words)} characters, at most {LONGEST_ALT}"
        raise FaultError(what, "say the most important, and the rest in the text of the page")
    return words
