"""Secrets that their form gives away: tokens with a prefix of their own, JSON web tokens, webhooks.

The forms are those of gitleaks 8 (`config/gitleaks.toml` at commit b58d3f1, 222 rules, MIT licence) that need
no name beside the secret, and those of detect-secrets 1.5. Where gitleaks names an exact length, this list
takes the shortest one and everything after it: a longer token of the same service must not leave a rest. The
rules of gitleaks that look for a name, such as `heroku`, are left to names.py.
"""

import re
from collections.abc import Iterator
from functools import cache
from heapq import merge

from labreport.capture.redact.rule import Masked, Rule, Text

WORD = r"\w\-"
BASE64 = r"\w\-+/="
FORMS = {
    # AWS: access keys (AKIA long-term, ASIA session), Bedrock
    "AKIA ASIA ABIA ACCA AGPA AIDA AIPA ANPA ANVA AROA APKA": "[A-Z0-9]{16,}",
    "A3T": "[A-Z0-9]{17}",
    "ABSK": f"[{BASE64}]{{100,}}",
    "bedrock-api-key-": f"[{BASE64}]{{20,}}",
    # Google: API keys, OAuth access and refresh tokens, client secrets
    "AIza": f"[{WORD}]{{35,}}",
    "ya29.": r"[\w.-]{20,}",
    "GOCSPX-": f"[{WORD}]{{20,}}",
    "1//0": f"[{WORD}]{{30,}}",
    # Forges
    "ghp_ gho_ ghu_ ghs_ ghr_": "[A-Za-z0-9]{36,}",
    "github_pat_": r"\w{22,}",
    "glpat- gldt- glrt- glrtr- glptt- glft- glffct- glimt- glagent- gloas-": r"[\w.-]{20,}",
    "glsoat- glcbt- glwt-": r"[\w.-]{20,}",
    "GR1348941": f"[{WORD}]{{20,}}",
    "ATATT3 ATCTT3 ATBB": f"[{BASE64}]{{20,}}",
    "CLOJARS_ clojars_": "[A-Za-z0-9]{60,}",
    # Slack, Discord and other messengers
    "xoxa- xoxb- xoxo- xoxp- xoxr- xoxs- xoxe- xoxe.xoxb- xoxe.xoxp- xoxc- xoxd-": r"[\w%./+-]{10,}",
    "xapp-": r"\d-[\w-]{10,}",
    "hooks.slack.com/": "(?:services|workflows|triggers)/[A-Za-z0-9+/]{16,}",
    "discord.com/api/ discordapp.com/api/": r"(?:v\d+/)?webhooks/\d{10,}/[\w-]{20,}",
    ".webhook.office.com/": r"webhook\w*/[\w@/-]{36,}",
    # Payment
    "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_": "[A-Za-z0-9]{10,}",
    "whsec_": f"[{BASE64}]{{20,}}",
    "sq0atp- sq0csp- EAAA": f"[{WORD}]{{22,}}",
    "shpat_ shpca_ shppa_ shpss_": "[A-Fa-f0-9]{32,}",
    "FLWSECK_TEST- FLWSECK-": "[a-zA-Z0-9-]{12,}",
    "shippo_live_ shippo_test_": "[a-fA-F0-9]{40,}",
    "access-sandbox- access-development- access-production-": "[0-9a-f-]{36,}",
    # Models
    "hf_ api_org_": "[A-Za-z0-9]{30,}",
    "sk-": f"[{WORD}]{{20,}}",
    "pplx- gsk_ r8_": "[A-Za-z0-9]{36,}",
    # Package registries
    "npm_": "[A-Za-z0-9]{36,}",
    "pypi-": f"[{WORD}]{{50,}}",
    "rubygems_": "[a-f0-9]{48,}",
    "dckr_pat_ dckr_oat_": f"[{WORD}]{{20,}}",
    "AKCp": "[A-Za-z0-9]{10,}",
    "cmVmd": "[A-Za-z0-9]{59,}",
    # Other clouds and services
    "dop_v1_ doo_v1_ dor_v1_": "[a-f0-9]{64,}",
    "LTAI": "[A-Za-z0-9]{12,}",
    "hvs. hvb. hvr.": f"[{WORD}]{{24,}}",
    "HRKU-": f"[{WORD}]{{36,}}",
    "fo1_ fm1a_ fm1r_ fm2_": f"[{BASE64}]{{40,}}",
    "glc_ glsa_ eyJrIjoi": f"[{BASE64}]{{32,}}",
    "sntrys_ sntryu_": f"[{BASE64}]{{32,}}",
    "dapi": "[a-f0-9]{32,}",
    "dp.pt. dp.st. dp.ct. dp.sa.": r"[\w.-]{40,}",
    "pul-": "[a-f0-9]{40,}",
    "PMAK-": "[a-zA-Z0-9-]{24,}",
    "pscale_tkn_ pscale_oauth_ pscale_pw_": r"[\w=.-]{32,}",
    "SG.": f"[{WORD}]{{16,}}\\.[{WORD}]{{16,}}",
    "xkeysib- xsmtpsib-": "[A-Za-z0-9-]{64,}",
    "ops_eyJ": f"[{BASE64}]{{50,}}",
    "A3-": "[A-Z0-9]{6}-[A-Z0-9-]{23,}",
    "AGE-SECRET-KEY-1": "[A-Z0-9]{20,}",
    "lin_api_ lin_oauth_": "[A-Za-z0-9]{32,}",
    "NRAK- NRII- NRJS-": f"[{WORD}]{{19,}}",
    "ntn_": "[A-Za-z0-9]{40,}",
    "rdme_": "[a-z0-9]{60,}",
    "tfp_": r"[\w.=-]{50,}",
    "tk-us-": f"[{WORD}]{{40,}}",
    "sgp_": r"\w{40,}",
    "sm_aat_ sm_pat_ sm_sat_": "[A-Za-z0-9]{16,}",
    "dnkey-": f"[{WORD}=]{{50,}}",
    "sha256~": f"[{WORD}]{{43,}}",
    "p8e-": "[a-zA-Z0-9]{32,}",
    "fio-u-": f"[{WORD}=]{{60,}}",
    "ico- pnu_": "[A-Za-z0-9]{32,}",
    "tskey-": f"[{WORD}]{{16,}}",
    "EAAC EAAM": "[A-Za-z0-9]{60,}",
    "v1.0-": "[a-f0-9]{24}-[a-f0-9]{100,}",
    # Base64 of `-----BEGIN`, as in a kubeconfig, and of `{"alg":`, as in a token that was encoded twice
    "LS0tLS1CRUdJT": "[A-Za-z0-9+/=]{20,}",
    "ZXlK": f"[{BASE64}]{{60,}}",
}
"""What follows a prefix in a token, at least. No letter or digit is before or after it."""

SPECIAL = {
    # A password's hash, as in /etc/shadow: crypt(5)
    "$": r"(?:1|2[abxy]?|5|6|7|y|gy|apr1|sha1|argon2(?:id|i|d))\$[./A-Za-z0-9$=,+]{20,}",
    # A secret of an application in Entra ID (Azure AD)
    "Q~": r"(?<=[\w~.]{3}\dQ~)[\w~.-]{31,}",
    # A bot's token: Telegram's, Discord's
    ":AA": r"(?<=\d{8}:AA)[\w-]{32,}",
    # Terraform Cloud
    ".atlasv1.": f"(?<=[A-Za-z0-9]{{14}}\\.atlasv1\\.)[{WORD}=]{{50,}}",
    # MaxMind
    "_mmk": r"(?<=[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)(?![A-Za-z0-9])",
    # Mailchimp
    "-us": r"(?<=[0-9a-f]{32}-us)\d{1,2}(?!\w)",
}
"""Forms whose beginning is not at their fixed part. A few bytes before it may stay."""

BEFORE = {b"Q~": 4, b":AA": 8, b".atlasv1.": 14, b"_mmk": 36, b"-us": 32}
"""How many bytes before the fixed part belong to the secret."""

SHORTEST = 14
"""Bytes that every token has at least: no rule is tried on a text of shorter words."""
LARGE = 1 << 20
"""Bytes of a text whose words would take too much memory: one long line."""

JWT = re.compile(rb"(?<![\w-])[\w-]++(?:\.[\w-]*+)++")
JWT_STARTS = (b"eyJ", b"eyAi", b"ewogI", b"ewoJI")
"""Base64 of `{"`, `{ "` and `{` with a line end."""
JWT_HEADER = 12
"""Bytes that the header of a token has at least."""


PREFIXES = {
    **{prefix.encode(): rest.encode() for prefixes, rest in FORMS.items() for prefix in prefixes.split(" ")},
    **{prefix.encode(): rest.encode() for prefix, rest in SPECIAL.items()},
}


@cache
def _pattern(prefix: bytes) -> re.Pattern[bytes]:
    """Return the pattern of the tokens with this prefix. Few of them are ever needed in one run."""
    fixed, rest = re.escape(prefix), PREFIXES[prefix]
    to_word_end = b"+[A-Za-z0-9]*+" if rest.endswith(b",}") else b"[A-Za-z0-9]*+"
    at_start = b"" if prefix.decode() in SPECIAL else rb"(?<![A-Za-z0-9]%b)" % fixed
    return re.compile(fixed + at_start + rest + to_word_end)


def token_rule() -> Rule:
    """Return the rule for secrets by form."""
    return Rule("token", _tokens)


def _tokens(text: Text) -> Iterator[Masked]:
    """Find the tokens; where two overlap, they are one."""
    data = text.data
    long_words = (
        b" ".join([word for word in data.split() if len(word) >= SHORTEST]) if len(data) < LARGE else data
    )
    if not long_words:
        return
    found = [_with_prefix(data, prefix) for prefix in PREFIXES if prefix in long_words]
    if any(start in long_words for start in JWT_STARTS):
        found.append(_web_tokens(data))
    start = end = -1
    for next_start, next_end in merge(*found):
        if next_start > end:
            if end > start:
                yield Masked(start, end, b"[token]")
            start, end = next_start, next_end
        end = max(end, next_end)
    if end > start:
        yield Masked(start, end, b"[token]")


def _with_prefix(data: bytes, prefix: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of the tokens with this prefix."""
    before = BEFORE.get(prefix, 0)
    for match in _pattern(prefix).finditer(data):
        yield match.start() - before, match.end()


def _web_tokens(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the JSON web tokens (RFC 7519, 7516): dotted parts in base64, the first one is JSON."""
    for match in JWT.finditer(data):
        at = match.start()
        for part in match.group().split(b".")[:-1]:
            places = [place for start in JWT_STARTS if (place := part.find(start)) >= 0]
            if places and len(part) - min(places) >= JWT_HEADER:
                yield at + min(places), match.end()
            at += len(part) + 1
