"""What is there and no page uses: facts that nothing names, evidence that nobody shows."""

from collections.abc import Collection, Iterator

from labreport.check.finding import Finding, Kind
from labreport.report.facts.facts import Facts
from labreport.report.source.evidence import EvidenceSet, recorded


def unused_facts(facts: Facts, named: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each fact that no page names."""
    for name in facts.facts:
        if name not in named:
            what = f"the fact {name} is used by no page"
            remedy = "use it in fact(…) or claim(…), or take it out"
            yield Finding(Kind.UNUSED_FACT, facts.file, facts.lines.get(name, 1), 1, what, remedy, name)


def unshown_evidence(found: EvidenceSet, shown: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each evidence file of a lab that is not in `shown`: paths below its folder."""
    for path in found.files():
        if recorded(path) and path not in shown:
            what = "no page shows this evidence, nor a fact that is read from it"
            remedy = f'show it with {{{{ evidence("{path}") }}}}, or read a fact from it that a page uses'
            yield Finding(Kind.UNSHOWN, f"evidence/{found.name}/{path}", 1, 1, what, remedy, path)
