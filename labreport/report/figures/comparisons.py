"""The comparison of a series in words and a table."""

from dataclasses import replace

from labreport.report.figures import cited, noun_of, text_in, text_of, texts_of
from labreport.report.problems import FaultError, meant
from labreport.report.series import Series, SeriesError, read_series
from labreport.report.series.comparison import (
    Comparison,
    compare,
    comparison_table,
    listed,
    noise_sentence,
    sentences,
)
from labreport.report.source.cite import Block, Gap, Page
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import NOT_COMPARABLE, is_unknown
from labreport.report.tables import Figure

_SIGN = " / "


def comparison_figure(  # noqa: PLR0913, PLR0917 - what a page may say of a comparison
    evidence: Evidence, page: Page, path: object, noise: object, base: object, pairs: object, runs: object
) -> Figure | Gap:
    """Return the comparison of a series, with the `noise` of its host if the page names it.

    Raise FaultError if a file is not a series, a contender is not in it, or the noise is of another host.
    """
    noun = noun_of(runs)
    block = cited(evidence, page, path)
    if isinstance(block, Gap):
        return block
    comparison = _compared(block, base, pairs, noun)
    if is_unknown(block.host):
        unknown = [replace(pair, ratio=None, no_ratio=NOT_COMPARABLE) for pair in comparison.pairs]
        comparison = replace(comparison, pairs=tuple(unknown))
    title = listed([contender.name for contender in comparison.contenders])
    words, table = tuple(sentences(comparison)), comparison_table(comparison)
    if noise is None:
        return Figure(block, title, words, table)
    noise_block = cited(evidence, page, noise, "noise")
    if isinstance(noise_block, Gap):
        return noise_block
    if noise_block.host != block.host:
        raise FaultError(f"{noise} is of another host than {path}", "name the noise of the same host")
    words = (*words, noise_sentence(compare(_series(noise_block))))
    return Figure(block, title, words, table, more=(noise_block,))


def _compared(block: Block, base: object, pairs: object, runs: str) -> Comparison:
    series = _series(block)
    if base is not None and pairs is not None:
        raise FaultError("base and pairs are both given", "leave out one: a pair names its own base")
    chosen = None if base is None else _contender(series, text_of(base, "base", series.names[0]))
    named = None if pairs is None else [_pair(series, one) for one in _pair_texts(series, pairs)]
    try:
        return compare(series, base=chosen, pairs=named, runs=runs)
    except SeriesError as error:
        raise FaultError(f"{block.path}: {error.what}", error.remedy) from error


def _pair_texts(series: Series, pairs: object) -> tuple[str, ...]:
    return texts_of(pairs, "pairs", _SIGN.join((series.names[-1], series.names[0])))


def _contender(series: Series, name: str) -> str:
    if name not in series.names:
        what = f"no {name!r} in the series"
        raise FaultError(what, meant(name, series.names, f"use one of: {', '.join(series.names)}"))
    return name


def _pair(series: Series, text: str) -> tuple[str, str]:
    """Return the two names in `NAME / NAME`; a name may contain the sign itself."""
    parts = text.split(_SIGN)
    for at in range(1, len(parts)):
        name, base = _SIGN.join(parts[:at]), _SIGN.join(parts[at:])
        if name in series.names and base in series.names and name != base:
            return name, base
    if len(parts) == 2:  # noqa: PLR2004 - name and base
        for name in parts:
            _contender(series, name)
    example = _SIGN.join((series.names[-1], series.names[0]))
    raise FaultError(f"{text!r} is no pair of the series", f'write pairs=["{example}"]')


def _series(block: Block) -> Series:
    try:
        return read_series(text_in(block))
    except SeriesError as error:
        raise FaultError(f"{block.path} is not a series: {error.what}", "name a CSV of runs") from error
