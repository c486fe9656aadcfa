"""A corpus of secrets for the tests of redaction: made up from a seed, so that no scanner finds one here.

No value opens anything. Each is put together from a prefix and random characters when a test asks for it.
"""

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
BASE64 = ALNUM + "+/"


@dataclass(frozen=True)
class Planted:
    """A secret in a text that a command might print; nothing of `hidden` may be left of it."""

    kind: str
    text: str
    hidden: tuple[str, ...]


class Maker:
    """Makes random parts of secrets."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - nobody uses these

    def of(self, alphabet: str, length: int) -> str:
        """Return random characters, at least one of them a digit if the alphabet has digits."""
        text = "".join(self.random.choice(alphabet) for _ in range(length))
        return text[:-1] + self.random.choice("23456789") if "9" in alphabet else text

    def base64(self, length: int) -> str:
        """Return random bytes in base64."""
        return base64.b64encode(self.random.randbytes(length)).decode()

    def word(self) -> str:
        """Return a password as people choose them."""
        return self.random.choice(("hunter", "tr0ub4dor", "Sommer", "corvette")) + self.of(string.digits, 3)


CONTEXTS = (
    "{}",
    'level=info msg="login" value="{}" took=3ms',
    "\x1b[32mvalue\x1b[0m: \x1b[1m{}\x1b[0m",
    '{{"items": [{{"id": 7, "value": "{}"}}]}}',
)
"""What surrounds a token in four commands' output: nothing, a log, colours, JSON."""

Form = Callable[[Maker], str]


def token(prefix: str, *parts: str | int) -> Form:
    """Return a form: a prefix, and then fixed texts, or random ones (an alphabet and a length each)."""

    def make(maker: Maker) -> str:
        text = prefix
        for part, after in zip(parts, [*parts[1:], ""], strict=True):
            if isinstance(part, str):
                text += maker.of(part, after) if isinstance(after, int) else part
        return text

    return make


FORMS: dict[str, tuple[Form, ...]] = {
    "AWS access key": (lambda m: "AKIA" + m.of(UPPER, 16), lambda m: "ASIA" + m.of(UPPER, 16)),
    "Google": (
        lambda m: "AIza" + m.of(ALNUM, 35),
        lambda m: "ya29." + m.of(ALNUM + "_-", 60),
        lambda m: "GOCSPX-" + m.of(ALNUM, 28),
    ),
    "Azure": (lambda m: m.of(ALNUM, 3) + "8Q~" + m.of(ALNUM, 34),),
    "GitHub": (
        *(token(f"gh{kind}_", ALNUM, 36) for kind in "pousr"),
        lambda m: "github_pat_" + m.of(ALNUM, 22) + "_" + m.of(ALNUM, 59),
    ),
    "GitLab": tuple(
        token(f"gl{kind}-", ALNUM, 26)
        for kind in ("pat", "dt", "rt", "ptt", "cbt", "agent", "oas", "soat", "imt", "ft")
    ),
    "Slack": (
        *(token(f"xox{kind}-", string.digits, 11, "-", ALNUM, 24) for kind in "bpars"),
        lambda m: "xapp-1-" + m.of(UPPER, 11) + "-" + m.of(string.digits, 13) + "-" + m.of(HEX, 64),
        lambda m: (
            "https://hooks.slack.com/services/T"
            + m.of(UPPER, 9)
            + "/B"
            + m.of(UPPER, 9)
            + "/"
            + m.of(ALNUM, 24)
        ),
    ),
    "Stripe": (lambda m: "sk_" + "live_" + m.of(ALNUM, 24), lambda m: "rk_" + "test_" + m.of(ALNUM, 24)),
    "Hugging Face": (lambda m: "hf_" + m.of(string.ascii_letters, 34),),
    "npm": (lambda m: "npm_" + m.of(ALNUM, 36),),
    "PyPI": (lambda m: "pypi-AgEIcHlwaS5vcmc" + m.of(ALNUM + "_-", 80),),
    "Docker": (lambda m: "dckr_pat_" + m.of(ALNUM, 27),),
    "web token": (
        lambda m: ".".join(("eyJ" + m.of(ALNUM, 30), "eyJ" + m.of(ALNUM, 60), m.of(ALNUM + "_-", 43))),
    ),
    "models": (lambda m: "sk-proj-" + m.of(ALNUM, 60), lambda m: "sk-ant-api03-" + m.of(ALNUM, 93)),
}

Line = Callable[[Maker, str], str]
NAMED: dict[str, tuple[str, ...]] = {
    "AWS by name": (
        "AWS_SECRET_ACCESS_KEY={key}",
        "aws_session_token = {key}",
        '"SecretAccessKey": "{key}",',
        "aws secret access key [None]: {key}",
    ),
    "Azure by name": (
        "DefaultEndpointsProtocol=https;AccountName=lab;AccountKey={key};EndpointSuffix=core.windows.net",
        "https://lab.blob.core.windows.net/c?sv=2024-11-04&sr=c&sig={percent}&se=2026-12-01",
        "Endpoint=sb://lab.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey={key}",
        "AZURE_CLIENT_SECRET={word}",
    ),
    "Docker configuration": (
        '{{"auths": {{"https://index.docker.io/v1/": {{"auth": "{key}"}}}}}}',
        '      "auth": "{key}"',
        '"identitytoken": "{token}"',
        ".dockerconfigjson: {key}",
    ),
    "kubeconfig": (
        "    client-key-data: {key}",
        "    client-certificate-data: {key}",
        "    certificate-authority-data: {key}",
        "    token: {token}",
    ),
    "cookie": (
        "< Set-Cookie: session={token}; Path=/; HttpOnly",
        "> Cookie: theme=dark; sid={token}",
        "set-cookie: PHPSESSID={token}; SameSite=Lax",
        "lab.example\tFALSE\t/\tTRUE\t0\tsid\t{token}",
    ),
    "header": (
        "> Authorization: Bearer {token}",
        "Authorization: Basic {key}",
        "curl -H 'X-Auth-Token: {token}' http://127.0.0.1/",
        "x-api-key: {token}",
        "X-Vault-Token: {token}",
        "Proxy-Authorization: Digest {token}",
        "'headers': {{'Authorization': 'token {token}'}}",
        "PRIVATE-TOKEN: {token}",
    ),
    "URL": (
        "postgres://lab:{word}@db:5432/lab",
        "redis://:{word}@cache:6379/0",
        "https://{token}@git.example/lab.git",
        "proxy: http://user:{word}@127.0.0.1:3128/",
        "https://lab.example/?access_token={token}&page=2",
        "amqp://guest:p%40{word}@mq",
    ),
    "option of two words": (
        "mysql --password {word} lab",
        'tool --api-token "{token}" list',
        "server --auth-token {token} --port 80",
        "sshpass -p {word} ssh lab@127.0.0.1",
        "curl -u lab:{word} http://127.0.0.1/",
        "docker login -u lab -p {word} registry.example",
    ),
    "environment": (
        "NAME_TOKEN={token}",
        "SECRET_KEY={token}",
        "export DB_PASSWORD={word}",
        "DJANGO_SECRET_KEY='{token}'",
        "POSTGRES_PASSWORD={word}",
        "GITHUB_TOKEN={token}",
        "NPM_AUTH_TOKEN={token}",
        "MYSQL_PASS={word}",
        "API_KEY={token}",
        "CI_JOB_JWT_PASSPHRASE={word}",
        "SIGNING_KEY={key}",
        "LAB_CREDENTIALS={word}",
    ),
    "configuration": (
        "password: {word}",
        "password = {word}",
        '  "password": "{word}",',
        "<password>{word}</password>",
        "db.password={word}",
        "requirepass_secret: '{word}'",
        '{{"log": "{{\\"password\\": \\"{word}\\"}}"}}',
        "machine lab.example login lab password {word}",
        "//registry.npmjs.org/:_authToken={token}",
        "PrivateKey = {key}",
        "\x1b[1mpassword\x1b[0m=\x1b[32m{word}\x1b[0m",
        'api_key="{token}"',
    ),
    "crypt": ("root:$6$saltsalt${hash}:20000:0:99999:7:::", "lab:$y$j9T$abcdefgh${hash}:20000:0"),
    "host name": (
        "Linux ip-10-{a}-{b}-{c} 6.12.0",
        "ip-172-31-{b}-{c}.eu-central-1.compute.internal",
        "root@ip-10-{a}-{b}-{c}:~# ls",
        "ec2-18-{a}-{b}-{c}.compute-1.amazonaws.com",
    ),
    "machine": (
        "      Machine ID: {id}",
        "machine-id={id}",
        "\tSerial Number: PF{serial}",
        "E: ID_SERIAL_SHORT=S3Z{serial}",
        "usb 1-1: SerialNumber: 4C53{serial}",
        "Serial Number:    WD-WCC{serial}",
    ),
}

KEYS = (
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
)


def corpus(seed: int = 25, size: int = 200) -> list[Planted]:
    """Return `size` secrets: every kind in every form, and random ones to fill up."""
    maker = Maker(seed)
    found = [*_tokens(maker), *_named(maker), *_keys(maker)]
    while len(found) < size:
        found += _tokens(maker)
    return found[:size]


def _tokens(maker: Maker) -> list[Planted]:
    made = []
    for kind, forms in FORMS.items():
        for number, form in enumerate(forms):
            token = form(maker)
            context = (
                CONTEXTS[number % len(CONTEXTS)] if len(forms) > 1 else CONTEXTS[maker.random.randrange(4)]
            )
            made.append(Planted(kind, context.format(token), (token, token[-12:])))
    return made


def _named(maker: Maker) -> list[Planted]:
    made = []
    for kind, lines in NAMED.items():
        for line in lines:
            values = {
                "key": maker.base64(30),
                "token": maker.of(ALNUM, 24),
                "word": maker.word(),
                "hash": maker.of(ALNUM, 43),
                "percent": maker.of(ALNUM, 40) + "%3D",
                "id": maker.of(HEX, 32),
                "serial": maker.of(UPPER, 9),
                **{name: str(maker.random.randrange(17, 250)) for name in "abc"},
            }
            numbers = f"{values['b']}-{values['c']}"
            hidden = (
                numbers
                if kind == "host name"
                else next(v for k, v in values.items() if "{" + k + "}" in line)
            )
            made.append(Planted(kind, line.format(**values), (hidden,)))
    return made


def _keys(maker: Maker) -> list[Planted]:
    made: list[Planted] = []
    for name in KEYS:
        lines = [maker.base64(48) for _ in range(6)]
        begin, end = f"-----BEGIN {name}-----", f"-----END {name}-----"
        forms = {
            "private key": "\n".join((begin, *lines, end)),
            "private key, indented": "\n".join(f"    {line}" for line in (begin, *lines, end)),
            "private key, in JSON": json.dumps({"key": "\n".join((begin, *lines, end, ""))}),
            "private key, after a prefix": "\n".join(f"Nov 28 log: {line}" for line in (begin, *lines, end)),
            "private key, without an end": "\n".join((begin, *lines)),
        }
        kind = list(forms)[len(made) % len(forms)]
        made.append(Planted(kind, forms[kind], tuple(lines)))
    lines = [maker.base64(48) for _ in range(4)]
    putty = [
        "PuTTY-User-Key-File-3: ssh-ed25519",
        "Encryption: none",
        "Comment: lab",
        "Private-Lines: 4",
        *lines,
    ]
    made.append(
        Planted("private key, PuTTY", "\n".join((*putty, f"Private-MAC: {maker.of(HEX, 64)}")), tuple(lines))
    )
    ssh2 = ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", *lines, "---- END SSH2 ENCRYPTED PRIVATE KEY ----")
    made.append(Planted("private key, SSH2", "\n".join(ssh2), tuple(lines)))
    return made
