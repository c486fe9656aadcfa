"""Tell commands from output in a quoted block."""

import re
from collections import Counter
from collections.abc import Sequence

from labreport.audit.inputs.text import Line, fold

_COMMANDS_TEXT = """
sudo nerdctl docker podman ctr crictl kubectl helm git cat tee curl wget apt apt-get dnf yum pacman apk
brew pip pip3 python python3 node npm npx go cargo rustup make cmake cd ls mkdir rm cp mv ln chmod chown
touch echo printf grep egrep awk sed head tail sort uniq wc cut tr xargs find jq yq tar unzip gzip zstd
ssh scp rsync systemctl journalctl service modprobe lsmod dmesg uname ip ss ps top kill pkill sleep
export source set unset bash sh zsh env command which type read shift exit return local declare alias
eval exec trap wait for while until if then else elif fi do done case esac function select openssl nmap
nikto trivy grype syft cosign kata-runtime containerd-shim-kata-v2 containerd runc terraform ansible
ansible-playbook vagrant lima limactl multipass virsh qemu-system-x86_64 qemu-img hyperfine dd sync mount
umount lsblk df du free nproc lscpu id whoami hostname date tree diff cmp sha256sum md5sum base64 tcpdump
iptables nft route ping dig nslookup watch seq gcloud aws az tfsec checkov kics falco conftest opa vault
nginx apachectl mysql psql sqlite3 redis-cli code nano vim vi lab uv poetry pytest mkdocs useradd usermod
groupadd newgrp install snap dpkg rpm update-grub sysctl kata-collect-data.sh kata-ctl kata-manager ./ . :
"""
_COMMANDS = frozenset(_COMMANDS_TEXT.split())
_LANGUAGES_TEXT = """
python py javascript js typescript ts go rust rs c cpp c++ java kotlin ruby rb php perl lua r sql
dockerfile docker makefile make powershell ps1 batch bat cmd hcl terraform jsx tsx css scss
"""
_LANGUAGES = frozenset(_LANGUAGES_TEXT.split())
_PROMPT = re.compile(
    r"\s*(?:\[?[\w.-]+@[\w.-]+[^\n$#%>]{0,100}[$#%>]\s+(?=\S)|(?:\([\w.-]+\)\s*)?[$\u276f\u279c\u03bb]\s+(?=\S)"
    r"|PS [^\n>]{0,100}>\s*(?=\S)|[A-Z]:\\[^\n>]{0,100}>\s*(?=\S))"
)
_ASSIGNED = re.compile(r"(?:[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|\$\([^)]*\)|[^\s\"']*)(?:\s+|$))+")
_SETS = re.compile(r"([A-Za-z_]\w{0,60})=[^\s\"']{0,200}")
_USED = re.compile(r"\$\{?([A-Za-z_]\w{0,60})")
_LONGEST_USE = 2000
_FIRST = re.compile(r"[\w./~@:+-]+|\[\[?(?= )")
_SHELL_SYNTAX = re.compile(r"(?:^|\s)(?:\||\|\||&&|2>&1|>>?|<<?-?)(?:\s|$)|\$\(|\$\{?\w|\s\\$")
_OPTIONS = re.compile(r"\s-{1,2}[A-Za-z]")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_OPTION_NEXT = re.compile(r"\s+-{1,2}[A-Za-z]")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
_LONGEST_QUOTE = 60
"""How many lines a quoted argument of a command may have."""
_NARROWEST = 79
"""From this length on, prompts of one length are lines of a terminal that goes on in the next line."""
_LOGGED = re.compile(r"(?:WARN|INFO|DEBU|ERRO|FATA)\[\d{4}\] .*|time=\"[^\"]*\" level=(?:info|warning) .*")
"""What a program logs to standard error, up to the end of the line."""
_LISTING = re.compile(r"[\w.+-]+(?: {2,}[\w.+-]+)+")
"""Names as `ls` prints them."""
_SAVES = re.compile(r"(?:\|\s*tee\b|>)")
_BOTH = re.compile(r"2>&1|&>|\|&")
_COMMENT = re.compile(r"\s*(?:#(?!\d)(?!#*=)|//)")
_OF_OUTPUT = re.compile(
    r"\s+(?:v?\d+\.\d|version\b|\(|:|=|is\b|was\b|[a-z]+\.[a-z]+/"
    r"|(?:[A-Za-z]+\s){0,5}[A-Za-z]+:?\s{2,}\d)"
)
"""What follows the name of a program where it is told of: `runc version 1.1`, `runc modules:   169`."""
_READS = re.compile(
    r"(?:^|[\s|;&])(?:cat|head|tail|less|more|type|bat)\s+(?:-\S+\s+(?:\d+\s+)?)*([^\s|;&<>-][^\s|;&<>]*)"
)


def language(info: str) -> str:
    """Return the language of an info string: its first word, in small letters."""
    return (re.match(r"\{?\.?([\w+#.-]*)", info.strip()) or [""])[0].strip("{.").lower()


def is_program(info: str) -> bool:
    """Return whether an info string names a language of programs that is not a shell's."""
    return language(info) in _LANGUAGES


def command_lines(body: Sequence[Line]) -> set[int]:
    """Return the numbers of the lines of a block that are commands, comments or input of commands."""
    numbers: set[int] = set()
    continued, heredoc, quote = False, "", ""
    widths = Counter(len(line.text) for line in body if has_prompt(line.text))
    wrapped = {width for width, count in widths.items() if count > 1 and width >= _NARROWEST}
    for at, line in enumerate(body):
        text = line.text
        if quote:
            numbers.add(line.number)
            quote = "" if _open_quote(text, quote) == "" else quote
            continue
        if heredoc:
            numbers.add(line.number)
            heredoc = "" if text.strip() == heredoc else heredoc
            continue
        if continued or _is_command(text):
            numbers.add(line.number)
            goes_on = text.rstrip().endswith(("\\", "|", "&&", "||")) and bool(text.strip())
            continued = goes_on or (has_prompt(text) and len(text) in wrapped)
            if found := _HEREDOC.search(text):
                heredoc = found[1]
            elif not is_comment(text) and (mark := _open_quote(text)):
                closes = any(mark in one.text for one in body[at + 1 : at + _LONGEST_QUOTE])
                quote = mark if closes else ""
    return numbers | _settings(body, numbers)


def without_logged(body: Sequence[Line], numbers: set[int]) -> list[Line]:
    r"""Return the lines of a block without what its commands log, if they save only their standard output.

    `numbers` are those of the lines with commands.

    >>> from labreport.audit.inputs.text import lines_of
    >>> [one.text for one in without_logged(lines_of("$ x | tee f\nkernel: WARN[0000] y\n6.1"), {1})]
    ['$ x | tee f', 'kernel: ', '6.1']
    """
    commands = [line.text.strip().removeprefix("> ") for line in body if line.number in numbers]
    saving = [text for text in commands if _SAVES.search(text)]
    if not saving or any(_BOTH.search(text) for text in saving):
        return list(body)
    kept = []
    for line in body:
        text = line.text if line.number in numbers else _LOGGED.sub("", line.text)
        if text.strip() or not line.text.strip():
            kept.append(line if text == line.text else Line(line.number, text, fold(text), line.end))
    return kept


def _settings(body: Sequence[Line], numbers: set[int]) -> set[int]:
    """Return the lines that only set variables which a command of the same block uses: `ARCH=amd64`."""
    used = {
        one[1] for line in body if line.number in numbers for one in _USED.finditer(line.text[:_LONGEST_USE])
    }
    plain = [line for line in body if line.number not in numbers]
    return {line.number for line in plain if (name := _SETS.fullmatch(line.text.strip())) and name[1] in used}


def _open_quote(text: str, mark: str = "") -> str:
    """Return the quotation mark that a line of a shell leaves open; `mark` is open at its start."""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and mark != "'":
            escaped = True
        elif mark:
            mark = "" if char == mark else mark
        elif char in "'\"":
            mark = char
    return mark


def files_read(line: str) -> list[str]:
    """Return the paths that a command such as `cat` prints.

    >>> files_read("$ cat labs/x.txt | head -3"), files_read("sudo head -n 5 a.txt")
    (['labs/x.txt'], ['a.txt'])
    """
    return [found[1].strip("'\"") for found in _READS.finditer(line)]


def has_prompt(text: str) -> bool:
    """Return whether a line begins with the prompt of a shell."""
    return bool(_PROMPT.match(text))


def is_comment(text: str) -> bool:
    """Return whether a line is a comment of a shell or a program."""
    return bool(_COMMENT.match(text))


def _is_command(text: str) -> bool:
    """Return whether a line is a command, a part of one, or a comment.

    >>> [_is_command(one) for one in ("sudo ctr run x", "$ x", "Host: 449", "# Kata", "runc version 1.1")]
    [True, True, False, True, False]
    """
    bare = text.strip()
    bare = bare.removeprefix("> ")  # a prompt of some shells
    return bool(bare) and (has_prompt(text) or is_comment(text) or _is_bare_command(bare))


def _is_bare_command(bare: str) -> bool:
    """Return whether a line without a prompt is a command, or a part of one."""
    if _LISTING.fullmatch(bare):
        return False
    assigned = _ASSIGNED.match(bare)
    rest = bare[assigned.end() :] if assigned else bare
    if not rest:
        return bool(re.search(r"[$\"'/]", bare))
    if rest[0] in "|&;)}({" or rest == "EOF":
        return bool(re.match(r"[|&;)}(]|\{ ?[\w$]|\{$", rest)) and not rest.startswith(("[", '{"'))
    first = _FIRST.match(rest)
    return first is not None and _runs(first[0], rest[first.end() :])


def _runs(word: str, after: str) -> bool:
    """Return whether a line that begins with `word` runs a program of this name."""
    if after[:1] not in {"", " ", "\t", ";", ")", "|", "&"}:
        return False
    if word.startswith(("./", "../", "~/")) or re.fullmatch(r"/\S+/[\w.-]+", word):
        return bool(after.strip() or word[0] == ".") and not after.strip().startswith(":")
    if _PATH.fullmatch(word) and _OPTION_NEXT.match(after):
        return True
    if word in {"test", "[", "[[", "time"}:
        return bool(re.match(r"\s+(?:-\w|!|\"?\$|sudo\b|[a-z]+ )", after))
    if word.lower() not in _COMMANDS:
        return bool(_OPTIONS.search(after) and _SHELL_SYNTAX.search(after) and word[0].islower())
    return not _OF_OUTPUT.match(after)
