"""The macro that shows an image."""

from labreport.report.images import evidence_image
from labreport.report.pages.context import MacroContext, Shown


def image(context: MacroContext, path: object, *, alt: object = None) -> Shown:
    """Show an evidence file that is a PNG, JPEG or WebP, with its provenance. A click opens the file.

    `{{ image("shots/front.png", alt="The log-in page with two fields") }}`: `alt` says what the image shows
    to readers who cannot see it, and is required. With `caption="…"` the image is numbered as a figure.
    """
    return evidence_image(context.evidence, context.page, path, alt)
