"""Units and words in which people write measured numbers in languages beside English.

To add a language, add a Language to LANGUAGES, and cases to tests/check/cases/numbers.json. Patterns are
matched without regard to case; a blank in one is any white space.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

CJK = "\u2e80-\u9fff\uf900-\ufaff"
"""Characters of scripts that put no blank between a number and the words around it, for a character set."""


@dataclass(frozen=True)
class Language:
    """How a language writes numbers with units.

    `units` has the pattern of each unit by its symbol in labreport/report/values.py, `counted` that of each
    counted thing by its plural in English, and `hardware` of those that are measured in words, too: `two
    cores`.
    `numbers` are numbers in words, and `factors` words that say how many times. `joins` stand between two
    numbers of a range, and `labels` before a number that is a name, as in `section 3`. A language that is not
    `spaced` puts no blanks between words.
    """

    name: str
    units: Mapping[str, str]
    counted: Mapping[str, str]
    hardware: Mapping[str, str]
    numbers: Mapping[str, Fraction]
    factors: Mapping[str, Fraction]
    joins: str
    labels: str
    spaced: bool = field(default=True, kw_only=True)


def _numbers(words: str) -> dict[str, Fraction]:
    """Return numbers in words from `two=2 one-and-a-half=3/2`."""
    return {word: Fraction(value) for word, _, value in (one.partition("=") for one in words.split())}


_AFTER_S = (
    r"(?=\s*(?:[.,;:!?)\]|…–—-]|$)"
    r"|\s+(?:на|для|и|или|против|до|в|у|под|при|после|за|от|по|это|больше|меньше)\s)"
)
"""What follows the Russian symbol of the second, which is also the preposition for `with`."""
RUSSIAN = Language(
    "Russian",
    {
        "ns": "нс|наносекунд[аыу]?",
        "µs": "мкс|микросекунд[аыу]?",
        "ms": "мс|мсек|миллисекунд[аыу]?",
        "s": f"сек|секунд[аыу]?|с{_AFTER_S}",
        "min": "мин|минут[аыу]?",
        "h": "ч|час(?:а|ов)?",
        "%": "процент(?:а|ов|ных пункта|ных пунктов)?",
        "B": "байт(?:а|ов)?|Б",
        "kB": "кб|килобайт(?:а|ов)?",
        "MB": "мб|мегабайт(?:а|ов)?",
        "GB": "гб|гигабайт(?:а|ов)?",
        "TB": "тб|терабайт(?:а|ов)?",
        "KiB": "киб",
        "MiB": "миб",
        "GiB": "гиб",
        "TiB": "тиб",
        "kB/s": "кб/с(?:ек)?",
        "MB/s": "мб/с(?:ек)?",
        "GB/s": "гб/с(?:ек)?",
        "kbit/s": "кбит/с(?:ек)?",
        "Mbit/s": "мбит/с(?:ек)?",
        "Gbit/s": "гбит/с(?:ек)?",
        "requests/s": "запрос(?:а|ов)?(?:/с(?:ек)?| в секунду)",
        "1/s": "раза? в секунду",
        "": "раза?|кратн(?:о|ый|ая|ое)",
    },
    {
        "requests": "запрос(?:а|ов|ы)?",
        "processes": "процесс(?:а|ов|ы)?",
        "lines": "строк[аи]?",
        "modules": "модул(?:ь|я|ей|и)",
        "runs": "запуск(?:а|ов|и)?|прогон(?:а|ов|ы)?",
        "samples": "измерени[еяй]|замер(?:а|ов|ы)?",
        "attempts": "попыт(?:ка|ки|ок)",
        "errors": "ошиб(?:ка|ки|ок)",
        "connections": "соединени[еяй]|подключени[еяй]",
        "packets": "пакет(?:а|ов|ы)?",
        "entries": "запис(?:ь|и|ей)",
        "messages": "сообщени[еяй]",
        "devices": "устройств[оа]?",
    },
    {"cores": "яд(?:ро|ра|ер)", "threads": "поток(?:а|ов|и)?", "processors": "процессор(?:а|ов|ы)?"},
    _numbers(
        "одну=1 два=2 две=2 три=3 четыре=4 пять=5 шесть=6 семь=7 восемь=8 девять=9 десять=10"
        " двадцать=20 сто=100 полтора=3/2 полторы=3/2"
    ),
    _numbers("вдвое=2 втрое=3 вчетверо=4 впятеро=5 вполовину=1/2"),
    "до|и|или",
    "раздел[аеу]?|глав[аеуы]|задани[еяю]|задач[аеуи]|шаг[ае]?|таблиц[аеуы]|рис(?:унок|унке|\\.)|страниц[аеуы]"
    "|лаб[аеуы]?",
)
GERMAN = Language(
    "German",
    {
        "ns": "Nanosekunden?",
        "µs": "Mikrosekunden?",
        "ms": "Millisekunden?",
        "s": "Sek|Sekunden?",
        "min": "Minuten?",
        "h": r"Std(?=\.)|Stunden?",
        "%": "Prozent(?:punkten?)?",
        "requests/s": "(?:Anfragen?|Abfragen?)(?:/s| pro Sekunde)",
        "1/s": "pro Sekunde",
        "": "mal|fach(?:e[mnrs]?)?",
    },
    {
        "requests": "Anfragen?|Abfragen?",
        "processes": "Prozess(?:en?)?",
        "lines": "Zeilen?",
        "modules": "Modul(?:en?)?",
        "runs": "Läufen?|Lauf|Durchläufen?|Durchlauf",
        "samples": "Messung(?:en)?|Messwerten?|Stichproben?",
        "attempts": "Versuch(?:en?)?",
        "errors": "Fehlern?",
        "connections": "Verbindung(?:en)?",
        "packets": "Paket(?:en?)?",
        "entries": "Einträgen?|Eintrag",
        "messages": "Meldung(?:en)?|Nachricht(?:en)?",
        "devices": "Geräten?|Gerät",
    },
    {"cores": "(?:CPU-|Prozessor)?Kern(?:en?)?", "processors": "Prozessor(?:en)?"},
    _numbers(
        "zwei=2 drei=3 vier=4 fünf=5 sechs=6 sieben=7 acht=8 neun=9 zehn=10 elf=11 zwölf=12"
        " zwanzig=20 hundert=100 anderthalb=3/2 eineinhalb=3/2"
    ),
    _numbers(r"doppelt\s+so=2 dreimal\s+so=3 viermal\s+so=4 fünfmal\s+so=5 zehnmal\s+so=10 halb\s+so=1/2"),
    "bis|und|oder",
    "Abschnitts?|Kapitels?|Aufgaben?|Schritte?|Tabellen?|Abbildung|Abb\\.|Seiten?|Zeilen?|Version",
)
SPANISH = Language(
    "Spanish",
    {
        "ns": "nanosegundos?",
        "µs": "microsegundos?",
        "ms": "milisegundos?",
        "s": "seg|segundos?",
        "min": "minutos?",
        "h": "horas?",
        "%": "por ciento|por cien|puntos? porcentuales",
        "requests/s": "(?:peticiones|petición|solicitud(?:es)?)(?:/s| por segundo)",
        "1/s": "por segundo",
        "": "veces",
    },
    {
        "requests": "peticiones|petición|solicitud(?:es)?",
        "processes": "procesos?",
        "lines": "líneas?",
        "modules": "módulos?",
        "runs": "ejecuciones|ejecución",
        "samples": "muestras?|mediciones|medición",
        "attempts": "intentos?",
        "errors": "errores",
        "connections": "conexiones|conexión",
        "packets": "paquetes?",
        "entries": "entradas?",
        "messages": "mensajes?",
        "devices": "dispositivos?",
    },
    {"cores": "núcleos?", "threads": "hilos?", "processors": "procesador(?:es)?"},
    _numbers(
        "dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 doce=12 veinte=20 cien=100"
    ),
    _numbers(r"el\s+doble=2 el\s+triple=3 el\s+cuádruple=4"),
    "a|hasta|y|o",
    "sección|secciones|capítulo|tareas?|pasos?|tablas?|figuras?|páginas?|versión",
)
CHINESE = Language(
    "Chinese",
    {
        "ns": "纳秒|奈秒",
        "µs": "微秒",
        "ms": "毫秒",
        "s": "秒钟?",
        "min": "分钟",
        "h": "个?小时",
        "%": "个?百分点",
        "B": "个?字节",
        "kB": "千字节",
        "MB": "兆字节|兆",
        "GB": "吉字节",
        "requests/s": "(?:个|次)?请求(?:/秒|每秒)",
        "1/s": "次?(?:/秒|每秒)",
        "": "倍",
    },
    {
        "requests": "(?:个|次|条)?请求",
        "processes": "个?进程",
        "lines": "行",
        "modules": "个?模块",
        "runs": "次运行|次启动|轮|次",
        "samples": "个?样本|次测量",
        "errors": "个?错误",
        "connections": "(?:个|条)?连接",
        "packets": "个?数据包",
        "entries": "个?条目|条记录",
        "messages": "条消息",
        "devices": "个?设备",
    },
    {"cores": "个(?:核心|内核|核)|核心|核", "threads": "(?:个|条)?线程", "processors": "个?处理器"},
    _numbers("一=1 二=2 两=2 三=3 四=4 五=5 六=6 七=7 八=8 九=9 十=10 百=100 半=1/2"),
    {},
    "到|至|或|和",
    "第|任务|步骤|版本|端口|图|表",
    spaced=False,
)
LANGUAGES = (RUSSIAN, GERMAN, SPANISH, CHINESE)
SEARCHED = ("English", *sorted(language.name for language in LANGUAGES))
"""The languages in whose words numbers are found; symbols of units are found in any."""
PERCENT_OF = "百分之"
"""Chinese writes `percent` before the number."""


def spelled(patterns: Mapping[str, str]) -> str:
    """Return one pattern for all spellings of units or things; rates first, which begin with another unit."""
    ordered = sorted(patterns, key=lambda unit: "/s" not in unit)
    return "|".join(patterns[unit] for unit in ordered).replace(" ", r"\s+")


UNITS_OF_LANGUAGES = "|".join(
    spelled({**language.units, **language.counted, **language.hardware}) for language in LANGUAGES
)
"""Every unit and counted thing."""
_MEANINGS = [
    (pattern.replace(" ", r"\s+"), meaning)
    for language in LANGUAGES
    for table in (language.units, language.counted, language.hardware)
    for meaning, pattern in table.items()
]
_SECOND = re.compile("с", re.IGNORECASE)


@cache
def meaning_of(text: str) -> str | None:
    """Return the symbol of a unit, or the thing that is counted, in English; None if it is of no language.

    >>> meaning_of("секунды"), meaning_of("Anfragen"), meaning_of("veces"), meaning_of("parsecs")
    ('s', 'requests', '', None)
    """
    if _SECOND.fullmatch(text):
        return "s"
    found = (meaning for pattern, meaning in _MEANINGS if re.fullmatch(pattern, text, re.IGNORECASE))
    return next(found, None)


WORDS_OF_LANGUAGES = {word: value for language in LANGUAGES for word, value in language.numbers.items()}
FACTORS = {word: value for language in LANGUAGES for word, value in language.factors.items()}
JOINS = "|".join(language.joins for language in LANGUAGES if language.spaced)
LABELS = "|".join(language.labels for language in LANGUAGES)


def measured(*, spaced: bool) -> str:
    """Return the pattern of units that are measured also behind a number in words, without `times`."""
    tables = (
        table for one in LANGUAGES if one.spaced is spaced for table in ({**one.units, **one.hardware},)
    )
    return "|".join(
        spelled({key: text for key, text in table.items() if key or not spaced}) for table in tables
    )
