"""Converters read what tools print, and refuse what tools print when they fail."""

import doctest
import importlib
import json
import pkgutil
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labreport.report.facts.converters
from labreport.report.facts.converters import (
    CONVERTERS,
    Converted,
    ConverterArgument,
    NotThere,
    Unreadable,
    convert,
    in_unit,
)
from labreport.report.facts.converters.failures import PHRASES, STARTS
from labreport.report.facts.converters.lines import lines_of
from labreport.report.problems import FaultError
from labreport.report.values import Quantity, UnitError

FAILURES = sorted((Path(__file__).parent / "failure_texts").glob("*.txt"))
ARGUMENTS = {
    "address": ["eth0", "kata0"],
    "addresses": ["eth0"],
    "csv": ["seconds", "real", "results"],
    "dd": ["bytes", "seconds", "rate"],
    "header": ["Server", "curl", "Version"],
    "hyperfine": ["mean", "median", "min", "max", "times"],
    "iperf3": ["sender", "receiver"],
    "json": ["results[0].mean", "results[].times[]", "results[?command=='false'].mean | [0]", "@"],
    "jsonl": ["[0].results[0].mean", "[].mean", "@"],
    "junit": ["tests", "passed", "failures", "errors", "skipped"],
    "mask": ["CapEff"],
    "matches": ["^HTTP [1-5]", "200 of ^HTTP [1-5]", "^real [1-9]"],
    "median": ["seconds", "results"],
    "meminfo": ["MemTotal", "Version"],
    "mtu": ["eth0"],
    "pattern": ["^(.*)$", "(?P<number>[0-9.]+)$", r"^real\\s+(\\S+)", "HTTP ([0-9]+)"],
    "series": ["median of kata", "median of kata / runc", "runs of runc", "p95 of runc"],
    "total": ["seconds", "real"],
    "summary": ["avg", "min", "max", "n"],
}
RUNS = "run,order,runtime,seconds,exit_status\n1,1,runc,0.40,0\n1,2,kata,1.20,1\n"
LABELS = ["", "juice-runc", "runc", "real", "Version", "curl", "dd"]
WAYS = [
    f"{name} {argument}".strip()
    for name, one in CONVERTERS.items()
    for argument in (LABELS if one.argument is ConverterArgument.LABEL else ARGUMENTS[name])
]


def s(number: str) -> Quantity:
    """Return seconds."""
    return Quantity(Decimal(number), "s")


def plain(number: int | str) -> Quantity:
    """Return a plain number."""
    return Quantity(Decimal(number), "")


def test_the_samples_in_the_docstrings_are_read() -> None:
    """Each converter has a doctest, and each doctest passes."""
    modules = [
        importlib.import_module(f"labreport.report.facts.converters.{one.name}")
        for one in pkgutil.iter_modules(labreport.report.facts.converters.__path__)
    ]
    results = [doctest.testmod(module) for module in modules]
    assert sum(one.failed for one in results) == 0
    assert sum(one.attempted for one in results) > len(CONVERTERS)
    assert all(">>>" in (one.read.__doc__ or "") for one in CONVERTERS.values())


def test_there_are_forty_failure_texts() -> None:
    """There are at least forty different texts."""
    assert len({path.read_text() for path in FAILURES}) >= 40


@pytest.mark.parametrize("path", FAILURES, ids=lambda path: path.stem)
def test_no_converter_reads_a_failure(path: Path) -> None:
    """Every converter, with every argument, refuses the text of a failure."""
    text = path.read_text()
    for how in WAYS:
        with pytest.raises((NotThere, Unreadable)):
            convert(how, text)


@pytest.mark.parametrize("phrase", [*PHRASES, *STARTS, "failed: "])
def test_a_failure_is_seen_by_any_of_its_phrases(phrase: str) -> None:
    """One line with such a phrase makes the whole text unreadable."""
    with pytest.raises(Unreadable, match="a failure, not a value"):
        lines_of(f"real 1.10\n{phrase} x\nuser 0.00\n")


@pytest.mark.parametrize(
    ("how", "text", "value"),
    [
        ("seconds", "real\t1h2m3.5s", s("3723.5")),
        ("seconds", "real\t0m 1.62s", s("1.62")),
        ("seconds", "echo 1.0s user 0.2s system 2% cpu 1:02.34 total", s("62.34")),
        ("seconds", "1:00:02.34 total", s("3602.34")),
        ("seconds", "Executed in    2.50 secs", s("2.50")),
        ("seconds", "Executed in  650.00 micros", s("0.00065000")),
        ("seconds", "250 ms\n\n250 ms\n", s("0.250")),
        ("seconds", "1m2.5s", s("62.5")),
        ("seconds", "runc: 431 ms total", s("0.431")),
        ("samples", "1: 0.681 s\n2: .70 s\n", (s("0.681"), s("0.70"))),
        ("summary avg", "avg=2.6ms, n=5", s("0.0026")),
        ("quantity", "12 us", Quantity(Decimal(12), "µs")),
        ("quantity", "8.5 GB/s", Quantity(Decimal("8.5"), "GB/s")),
        ("status", "HTTP/2 200", plain(200)),
        ("kernel", "[    0.000000] Linux version 6.12.47 (gcc) #1 SMP", "6.12.47"),
        ("version", "ctr github.com/containerd/containerd 1.6.20~ds1", "1.6.20~ds1"),
        ("version Client", "Client: v1.7.27", "1.7.27"),
        ("capabilities", "0x0000000000000000=", plain(0)),
        ("dd rate", "3 bytes copied, 3.5308e-05 s, 85,0 kB/s", Quantity(Decimal("85.0"), "kB/s")),
        ("dd rate", "512 bytes (512B) copied, 0.5 seconds, 1024B/s", Quantity(Decimal(1024), "B/s")),
        ("dd seconds", "3 bytes copied, 3.5308e-05 s, 85 kB/s", s("0.000035308")),
        ("verdict runc", "--- runc\n1\n=> the host's\n=== next: Q? ===\n=> its own\n", "the host's"),
        ("series p95 of runc", RUNS, s("0.40")),
        ("series runs of kata", RUNS, plain(1)),
        ("series failed of kata", RUNS, plain(1)),
        ("series pairs of kata / runc", RUNS, plain(0)),
        (
            "iperf3 sender",
            "[SUM]   0.00-5.02   sec  1.87 GBytes  3.2 Gbits/sec    0   sender",
            Quantity(Decimal("3.2"), "Gbit/s"),
        ),
        ("csv s", "a;s\nx;1,5\n", plain("1.5")),
        ("csv exit_status where a=x", "a,exit_status\nx,1\n", plain(1)),
        ("hyperfine mean where a=1", '{"results": [{"parameters": 1, "mean": 1, "a": "1"}]}', s("1")),
        ("csv s where a=x, b=y", "a,b,s\nx,y,1.5\nx,z,2\n", plain("1.5")),
    ],
)
def test_other_ways_to_say_it(how: str, text: str, value: Converted) -> None:
    """Converters also read forms that the docstrings do not show."""
    assert convert(how, text) == value


@pytest.mark.parametrize(
    ("how", "text", "words"),
    [
        ("seconds", "", "no time in an empty text"),
        ("seconds", "user 0.01\n", "no time in user 0.01"),
        ("seconds Kata", "runc: 1.2 s", "no time after or below 'Kata'"),
        ("seconds runc", "=== Startup ===\nrunc:\nKata:\nreal 1.9\n", "no time after or below 'runc'"),
        ("samples runc", "runc:\nKata:\n1.9 s\n", "no times below 'runc'"),
        ("samples", "\n", "no times"),
        ("summary avg", "min=1s", "no avg="),
        ("dd speed", "3 bytes copied, 1 s, 3 B/s", "dd has no 'speed'"),
        ("address lo", "2: eth0: <UP> mtu 1500", "no interface 'lo'"),
        ("address lo", "", "an empty text"),
        ("address lo", "1: lo: <UP> mtu 9\n    inet6 ::1/128 scope host", "lo has no IPv4 address"),
        ("addresses lo", "1: lo: <UP> mtu 9", "lo has no address"),
        ("verdict", "--- runc\n6.12\n", "no verdict"),
        ("verdict kata", "--- runc\n=> its own\n", "no verdict of 'kata'"),
        ("csv s", "", "no column 's' in an empty text"),
        ("csv s", "s\n", "no row for 's'"),
        ("csv s where run=1", "s\n1.5\n", "no column 'run'"),
        ("hyperfine mean", '{"results": []}', "no result"),
        ("iperf3 sender", "", "iperf3 has a sender and a receiver"),
        ("series median", RUNS, "'median' is not a statistic of a series: write `median of NAME`"),
        ("series pairs of runc", RUNS, "pairs need two names"),
        ("series runs of kata / runc", RUNS, "runs are of one name: leave out `/ runc`"),
        ("series low of runc", RUNS, "1 are too few for an interval, which needs six"),
        ("hyperfine mean where command=b", '{"results": [{"command": "a"}]}', "no result of hyperfine for"),
        ("hyperfine mean", '{"results": [{"mean": null}]}', "no 'mean'"),
    ],
)
def test_not_there(how: str, text: str, words: str) -> None:
    """A text without the value raises NotThere, not Unreadable."""
    with pytest.raises(NotThere, match=words):
        convert(how, text)


@pytest.mark.parametrize(
    ("how", "text", "words"),
    [
        ("seconds", "real 1.1\nreal 1.2\n", "more than one time: real 1.1 and real 1.2"),
        ("seconds", "real\t0m0.000s", "a time of 0 is no measurement"),
        ("seconds", "real 0m61.0s", "a minute has 60 seconds"),
        ("seconds", "~2s", "no valid time: ~2s"),
        ("seconds", "real " + "9" * 200, "no valid time: real 9+ …"),
        ("seconds", "real \x1b[31m", r"no valid time: real \\x1b\[31m"),
        ("samples", "0.1\nx\n", "no valid time: x"),
        ("seconds runc", "runc: fast", "no valid time: fast"),
        ("seconds runc", "runc:\nreal fast\nKata:\nreal 1.9", "no valid time: real fast"),
        ("count Host", "Host: 5\nHost:\n6\n", "more than one count"),
        ("summary avg", "avg=1s min=fast", "no valid avg="),
        ("summary avg", "avg=1s avg=2s", "avg= is given twice"),
        ("summary avg", "avg=0s", "a time of 0"),
        ("summary avg", "avg=1s\navg=2s\n", "avg=1s and avg=2s"),
        ("count", "1.5", "no valid count: 1.5"),
        ("status", "HTTP 000", "no answer has this status"),
        ("cpu", "model name\t: A\nmodel name\t: B\n", "more than one model name"),
        ("capabilities", "0x0000000000000003=cap_chown", "2 bits and 1 names"),
        ("dd bytes", "0 bytes copied, 1 s, 0.0 kB/s", "nothing was copied"),
        ("mtu lo", "1: lo: nonsense", "no valid MTU: nonsense"),
        (
            "address lo",
            "1: lo: <UP> mtu 9\n    inet 1.2.3.400/8 scope host",
            "no valid address: inet 1.2.3.400",
        ),
        ("address lo", "1: lo: <UP> mtu 9\n    inet", "no valid address: inet"),
        ("address lo", "1: lo: <UP> mtu 9\n    inet 10.0.0.1/8 x\n    inet 10.0.0.2/8 x", "2 IPv4 addresses"),
        ("verdict", "=> a\n=> b\n", "2 verdicts: name fewer lines"),
        ("verdict kata", "--- kata\n=> a\n=> b\n", "2 verdicts of 'kata'"),
        ("verdict kata", "--- kata\n=> a\n--- kata\n", "'kata' answers 2 times"),
        ("csv s", "s,t\n1\n", "1 cells under 2 names"),
        ("csv s", "s\nfast\n", "no valid number under 's': fast"),
        ("csv s", 's\n"1', "not CSV"),
        (
            "iperf3 sender",
            2 * "[SUM] 0.00-5.02 sec 1 GBytes 3.2 Gbits/sec 0 sender\n",
            "2 bitrates of the sender",
        ),
        ("series median of crun", RUNS, "no 'crun' in the series: use one of: runc, kata"),
        ("series median of kata", RUNS, "none of its runs succeeded"),
        ("csv s", "s,s\n1,2\n", "two columns of one name: s,s"),
        ("csv s where a=x", "a,s,exit_status\nx,1.5,137\n", "a run failed: its exit_status is not 0"),
        ("csv s", 's\n"1,091"\n', "1,091 is 1091 or a number with a decimal comma: say which"),
        ("seconds", "12 total\nreal 1.2\n", "more than one time: 12 total and real 1.2"),
        (
            "median seconds",
            "seconds,exit_status\n0.1,1\n",
            "of which some may have failed: read it with `series`",
        ),
        ("total seconds", "seconds,exit_status\n0.1,0\n", "a series of runs"),
        ("hyperfine mean", "[" * 100_000, "not JSON"),
        ("hyperfine mean", '{"results": [1]}', "no results"),
        ("hyperfine mean", '{"results": [{}, {}]}', "2 results of hyperfine: say which"),
        ("hyperfine mean", '{"results": [{"mean": "1"}]}', "'mean' of hyperfine is not a number: 1"),
        ("hyperfine mean", '{"results": [{"mean": 1e99}]}', "no valid mean"),
        (
            "hyperfine mean",
            '{"results": [{"mean": 1, "exit_codes": [0, null]}]}',
            "a run failed: hyperfine's exit codes are 0, none",
        ),
        ("hyperfine mean", '{"results": [{"mean": 1, "exit_codes": 1}]}', "a run failed"),
    ],
)
def test_unreadable(how: str, text: str, words: str) -> None:
    """A value that cannot be read raises Unreadable, with the line and no control characters."""
    with pytest.raises(Unreadable, match=words):
        convert(how, text)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("", "there is no converter ''"),
        ("speed", "there is no converter 'speed': use one of: address"),
        ("secnds runc", "there is no converter 'secnds': is seconds meant?"),
        ("meminfo", "meminfo needs an argument: write what to read after it"),
    ],
)
def test_an_author_is_told_what_there_is(how: str, words: str) -> None:
    """A wrong converter is an error of the facts file, not of the evidence."""
    with pytest.raises(FaultError, match=words):
        convert(how, "1")


def test_a_unit_is_given_to_plain_numbers_and_converted_otherwise() -> None:
    """A plain number gets the unit, a quantity is converted, and a text is an error."""
    assert in_unit(plain("0.41"), "s") == s("0.41")
    assert in_unit((plain("0.41"), s("2")), "s") == (s("0.41"), s("2"))
    assert str(in_unit(s("0.410"), "ms")) == "410 ms"
    with pytest.raises(UnitError, match="a text has no unit, such as s"):
        in_unit("6.12.47", "s")
    with pytest.raises(UnitError):
        in_unit(s("1"), "MiB")
    with pytest.raises(UnitError, match="too many digits"):
        in_unit(s("1E-38"), "h")


@given(
    st.text(max_size=60) | st.text(alphabet="real 0123456789m.,s:=\n\t", max_size=40), st.sampled_from(WAYS)
)
def test_any_text_is_a_value_or_one_of_two_outcomes(text: str, how: str) -> None:
    """Whatever the text, a converter returns a value or raises NotThere or Unreadable."""
    try:
        convert(how, text)
    except (NotThere, Unreadable) as error:
        assert str(error)  # noqa: PT017 # both outcomes are right


milliseconds = st.integers(1, 10**7)
point = st.sampled_from([".", ","])


@given(milliseconds, point)
def test_times_come_back(ms: int, comma: str) -> None:
    """Times are read in the formats of bash, POSIX, zsh, fish, curl and a numbered sample."""
    minutes, rest = divmod(ms, 60_000)
    number, value = f"{ms / 1000:.3f}".replace(".", comma), s(f"{ms / 1000:.3f}")
    clock = f"{rest / 1000:.3f}".replace(".", comma)
    for text in (
        f"\nreal\t{minutes}m{clock}s\nuser\t0m0.000s\nsys\t0m0.000s\n",
        f"real {number}\nuser 0.00\nsys 0.00\n",
        f"sleep  0.01s user 0.00s system 0% cpu {number} total\n",
        f"\n________\nExecuted in  {number} secs    fish           external\n   usr time  1.00 millis\n",
        f"Executed in  {ms} millis\n",
        f"trial1: real={number}s user=0.00s sys=0.00s\n",
    ):
        assert convert("seconds", text) == value
    for how, text in (
        ("seconds", f"{number}\n"),
        ("seconds", f"1: {number} s\n"),
        ("seconds runc", f"runc: {number}s total\n"),
        ("samples", f"{number}\n{number}\n"),
        ("summary max", f"avg=1.0s max={number}s n=3\n"),
    ):
        if comma == "," and 1000 <= ms < 1_000_000:  # 1,091 may be 1091
            with pytest.raises(Unreadable, match="or a number with a decimal comma: say which with `locale"):
                convert(how, text)
        else:
            assert convert(how, text) == ((value, value) if how == "samples" else value)
    if ms >= 1000:
        assert convert("quantity total", f"total: {ms:,} ms\n", locale="en") == Quantity(Decimal(ms), "ms")


@given(st.lists(milliseconds, min_size=1, max_size=9))
def test_series_come_back(times: list[int]) -> None:
    """Series are read from hyperfine's JSON and from CSV, in order."""
    result = {"command": "true", "median": times[0] / 1000, "times": [one / 1000 for one in times]}
    exported = json.dumps({"results": [result, {"command": "false"}]})
    values = tuple(s(str(one / 1000)) for one in times)
    assert convert("hyperfine times where command=true", exported) == values
    assert convert("hyperfine median where command=true", exported) == values[0]
    table = "runtime,seconds\n" + "".join(f"kata,9\nrunc,{one / 1000}\n" for one in times)
    read = in_unit(convert("csv seconds where runtime=runc", table), "s")
    assert read == (values if len(values) > 1 else values[0])


@given(st.integers(1, 2**40), milliseconds, st.sampled_from(["", "k", "M", "G"]), point)
def test_copies_come_back(count: int, ms: int, prefix: str, comma: str) -> None:
    """The statistics of GNU's dd are read with a decimal point and with a comma."""
    took = f"{ms / 1000:.3f}"
    rate = f"{ms / 10:.1f}"
    line = f"{count} bytes (1 kB, 1 KiB) copied, {took} s, {rate} {prefix}B/s".replace(".", comma)
    text = f"1+0 records in\n1+0 records out\n{line}\n"
    assert convert("dd bytes", text) == Quantity(Decimal(count), "B")
    assert convert("dd seconds", text) == s(took)
    assert convert("dd rate", text) == Quantity(Decimal(rate), f"{prefix}B/s")


@given(st.integers(0, 2**64 - 1), st.integers(0, 10**9), st.integers(100, 599))
def test_numbers_come_back(mask: int, number: int, status: int) -> None:
    """Masks, counts, memory sizes and HTTP statuses are read."""
    caps = f"CapInh:\t{0:016x}\nCapEff:\t{mask:016x}\n"
    assert convert("mask CapEff", caps) == plain(mask)
    assert convert("capabilities CapEff", caps) == plain(mask.bit_count())
    names = ",".join(f"cap_{bit}" for bit in range(mask.bit_count()))
    assert convert("capabilities", f"0x{mask:016x}={names}\n") == plain(mask.bit_count())
    assert convert("count", f"  {number}\n") == convert("count Host", f"Host: {number}\n") == plain(number)
    assert convert("meminfo MemFree", f"MemTotal: 1 kB\nMemFree:  {number} kB\n") == Quantity(
        Decimal(number), "KiB"
    )
    assert convert("status", f"juice-runc: HTTP {status}\n") == plain(status)


@given(
    st.lists(st.integers(0, 999), min_size=3, max_size=3), st.sampled_from(["", "-91-generic", "+", "-rc1"])
)
def test_releases_come_back(numbers: list[int], suffix: str) -> None:
    """Kernel releases and versions are read from uname, /proc/version and the tools."""
    name = ".".join(map(str, numbers)) + suffix
    for text in (
        f"{name}\n",
        f"Linux box {name} #1 SMP x86_64 GNU/Linux\n",
        f"Linux version {name} (gcc) #1\n",
    ):
        assert convert("kernel", text) == name
    for text in (f"runc version {name}\ncommit: x\n", f"containerd containerd.io {name} abc\n", f"v{name}\n"):
        assert convert("version", text) == name


@given(st.ip_addresses(v=4), st.ip_addresses(v=6), st.integers(68, 9000))
def test_interfaces_come_back(four: object, six: object, mtu: int) -> None:
    """Addresses and MTU are read from `ip addr` with several interfaces."""
    text = (
        "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue\n    inet 127.0.0.1/8 scope host lo\n"
        f"2: eth0@if7: <BROADCAST,UP> mtu {mtu} qdisc noqueue state UP\n    link/ether 02:00:00:00:00:01\n"
        f"    inet {four}/24 scope global eth0\n       valid_lft forever\n    inet6 {six}/64 scope link\n"
    )
    assert convert("address eth0", text) == f"{four}/24"
    assert convert("addresses eth0", text) == f"{four}/24, {six}/64"
    assert convert("mtu eth0", text) == Quantity(Decimal(mtu), "B")
