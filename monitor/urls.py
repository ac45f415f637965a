"""The one definition of "the same address", and of an address that may be shown or logged.

Two addresses of one article should get one key, two articles never: where in doubt, they differ.
"""

from __future__ import annotations

import base64
import binascii
import re
from itertools import takewhile
from urllib.parse import unquote

MAX_LENGTH = 2000
"""Longer addresses are dropped: no publisher needs them, and Slack refuses them at 3,000."""

_MAX_WRAPPINGS = 3
_URL = re.compile(
    r"(?P<scheme>https?):/{1,2}"
    r"(?P<userinfo>[^/?#\\]*@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[^/?#\\@:\[\]]+)"
    r"(?::(?P<port>\d*))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_KEY_IN_QUERY = re.compile(
    r"""([?&;\#](?:
        [\w.%-]{0,60}(?:token|secret|passw|credential|signature|session|jwt)[\w.%-]{0,60}
      | (?:[\w.%-]{0,60}[_.-])?(?:api|access|private|subscription|license|user|feed)?key
      | sig | sign | auth | authorization | pwd | pass | pw | sid | hash | hmac | code
    )=)[^&;\#\s]+""",
    re.IGNORECASE | re.VERBOSE,
)
"""Parameters whose value opens the door to whoever has it."""
_LOGIN = re.compile(r"(?<=//)(?:[^/?#\s]*|[^/?#\s:]*+:(?!\d+/)[^?#\s@]{0,300}+)@")
"""Also of an address that is wrong because its password holds a slash."""
_FEED_SCHEME = re.compile(r"^feed:(?://)?", re.IGNORECASE)
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=//)[^/?#]*@")
_BLANKS = re.compile(r"[\t\r\n]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# -- hosts ------------------------------------------------------------------------------------

_HOST = re.compile(r"[a-z0-9._-]*[a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\]")
_DEFAULT_PORTS = {("http", "80"), ("https", "443")}
_TWINS = ("www.", "m.", "mobile.", "amp.", "wap.")
"""Hosts that publishers use for another rendering of the same page."""
_SECOND_LEVEL = {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org", "re"}

# -- paths and queries ------------------------------------------------------------------------

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_NOT_PLAIN = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")
_UNRESERVED = frozenset("-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_UNESCAPED = {
    f"{code:02X}": chr(code) if chr(code) in _UNRESERVED else f"%{code:02X}" for code in range(256)
}
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*", re.IGNORECASE)
_AMP_PATH = re.compile(r"(?:/amp|\.amp(?=$|\.html?$))(?:\.html?)?$|^/amp(?=/)", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")

_TRACKING = re.compile(
    r"""(?:
        (?:utm|at|pk|mtm|piwik|matomo|hsa|guce|vero|oly|itm|gaa)_.*   # families
      | fb_(?:action.*|source|ref) | ns_(?:source|mchannel|campaign|linkname|fee)
      | cm_(?:mmc|ven|cat|pla|ite|sp|re|lm).* | wt[._](?:mc|zmc).* | wpisrc | sr_share | spm
      | \.?tsrc | aspsessionid.* | __twitter_impression | _hs(?:enc|mi)
      | fbclid | gclid | gclsrc | dclid | gbraid | wbraid | msclkid | yclid | ysclid | twclid
      | ttclid | li_fat_id | igshid | igsh | epik | zanpid | dm_i | mkt_tok | rb_clickid | srsltid
      | mc_(?:cid|eid) | _ga | _gl | _branch_match_id | _openstat | guccounter | s_cid | xtor
      | cmpid | ncid | ocid | icid | intcid | sref | srnd | smid | smtyp | soc_(?:src|trk)
      | ref_(?:src|url) | referr?er | traffic_source | taid | ito | leadsource | cid_source
      | share_?(?:type|id|from) | feed(?:name|type) | phpsessid | jsessionid
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Parameters that never choose a page, on any site."""

_VAGUE = frozenset(
    {
        "channel",
        "cmp",
        "emc",
        "feature",
        "from",
        "mod",
        "partner",
        "ref",
        "rss",
        "source",
        "src",
        "via",
    }
)
"""Parameters that choose a page on some sites: dropped only where the value speaks of the way here."""
_WAY_HERE = re.compile(
    r"(?:rss|feed|atom|twitter|twt?|facebook|fb|telegram|whatsapp|newsletter|djem|e?mail|share|amp)"
    r"(?:$|[-_./].*|feeds?$|alert.*|\d$)",
    re.IGNORECASE,
)
_AMP_PARAMETER = re.compile(
    r"(?:amp(?:=(?:1|true|)?)?|(?:output(?:type)?|view|mode)=amp)", re.IGNORECASE
)

# -- addresses that only lead to others -------------------------------------------------------

_GOOGLE = re.compile(r"(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}")
_AMP_CACHE = re.compile(r"/[a-z]/(?:s/)?(?P<target>[^/]+\.[^/]+/.*)")
_GOOGLE_AMP = re.compile(r"/amp/(?:s/)?(?P<target>[^/]+\.[^/]+.*)")
_GOOGLE_NEWS = re.compile(r"/(?:rss/)?(?:articles|read)/(?P<token>[\w-]+)")
_YAHOO = re.compile(r"/RU=(?P<target>[^/]+)/")


def canonical(url: str) -> str:
    """What two addresses of the same page have in common; "" for "".

    For comparing, not for following. Anything that is no http(s) address stands for itself.
    """
    url = _BLANKS.sub("", url.strip())
    for _ in range(_MAX_WRAPPINGS):
        found = _URL.fullmatch(url.replace("&amp;", "&"))
        host = _ascii_host(found["host"]) if found else ""
        if found is None or not _HOST.fullmatch(host):
            return url
        inner = _unwrapped(found)
        if inner is None:
            return _canonical(found, host)
        url = inner
    return url


def _canonical(found: re.Match[str], host: str) -> str:
    host = _same_host(host)
    port = found["port"] or ""
    if port and (found["scheme"].lower(), port) not in _DEFAULT_PORTS:
        host += f":{port}"
    path = _same_path(found["path"] or "/")
    if host == "news.google.com" and (token := _GOOGLE_NEWS.fullmatch(path)):
        return f"https://{host}/articles/{token['token']}"
    query = _same_query(found["query"] or "")
    # A fragment chooses the page only on sites that route with it.
    fragment = found["fragment"] or ""
    route = f"#{fragment}" if fragment.startswith(("!", "/")) else ""
    return f"https://{host}{path}{query}{route}"


def with_scheme(written: str) -> str:
    """What people paste as an address: without a scheme, or with the one that feeds once had."""
    url = _FEED_SCHEME.sub("", written)
    return url if "://" in url else f"https://{url}"


def without_scheme(url: str) -> str:
    """What two spellings of the same address have in common, for a machine: less than `canonical`."""
    host, slash, path = _SCHEME.sub("", url).partition("/")
    return f"{host.lower()}{slash}{path}".rstrip("/")


def is_homepage(canonical_url: str) -> bool:
    """Whether a canonical address names a whole site rather than something on it."""
    return re.fullmatch(r"https://[^/]+/", canonical_url) is not None


def _same_host(host: str) -> str:
    host = host.rstrip(".")
    for _ in range(2):
        twin = next((twin for twin in _TWINS if host.startswith(twin)), "")
        rest = host[len(twin) :]
        if not twin or not _is_site(rest):
            break
        host = rest
    return host


def _is_site(host: str) -> bool:
    """Whether this can be a site of its own: example.org, not org or co.uk."""
    first, dot, rest = host.partition(".")
    return bool(dot and first) and not ("." not in rest and first in _SECOND_LEVEL)


def _same_path(path: str) -> str:
    path = _SESSION.sub("", _same_escapes(path)) if ";" in path else _same_escapes(path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if "/." in path:
        path = _without_dots(path)
    path = path.rstrip("/")
    if "amp" in path.lower():
        path = _AMP_PATH.sub(lambda found: ".html" if ".htm" in found[0] else "", path).rstrip("/")
    return path or "/"


def _same_escapes(text: str) -> str:
    if "%" in text:
        text = _ESCAPE.sub(lambda found: _UNESCAPED[found[1].upper()], text)
    return _escaped(text)


def _escaped(text: str) -> str:
    """With everything but plain printable ASCII as UTF-8 in percent escapes."""
    return _NOT_PLAIN.sub(lambda found: _escape(found[0]), text)


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return "/" + "/".join(kept)


def _same_query(query: str) -> str:
    parts = [part for part in query.split("&") if part and not _is_tracking(part)]
    if not parts:
        return ""
    # Sites read parameters by name; which one comes first is the linking page's habit.
    return "?" + "&".join(sorted(map(_same_escapes, parts)))


def _is_tracking(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if name.lower() in _VAGUE:
        return _WAY_HERE.fullmatch(value) is not None or name.lower() == "rss"
    return bool(_TRACKING.fullmatch(name) or _AMP_PARAMETER.fullmatch(parameter))


def _unwrapped(found: re.Match[str]) -> str | None:
    """The address that this one only leads to; None where it leads to itself."""
    host, path = found["host"].lower(), found["path"] or "/"
    if host.endswith(".cdn.ampproject.org"):
        return _target(_AMP_CACHE.fullmatch(path), found)
    if host == "news.google.com":
        token = _GOOGLE_NEWS.fullmatch(path)
        return _from_token(token["token"]) if token else None
    if host == "r.search.yahoo.com":
        yahoo = _YAHOO.search(path)
        return _web(unquote(yahoo["target"])) if yahoo else None
    if _GOOGLE.fullmatch(host) and path.startswith("/amp/"):
        return _target(_GOOGLE_AMP.fullmatch(path), found)
    names = _parameter_names(host, path)
    return _parameter(found["query"] or "", names) if names else None


def _parameter_names(host: str, path: str) -> tuple[str, ...]:
    if path == "/url" and _GOOGLE.fullmatch(host):
        return ("url", "q")
    if path == "/l.php" and host in {"l.facebook.com", "lm.facebook.com", "www.facebook.com"}:
        return ("u",)
    return ("to",) if path == "/away.php" and host in {"vk.com", "away.vk.com", "m.vk.com"} else ()


def _parameter(query: str, names: tuple[str, ...]) -> str | None:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in names and (target := _web(unquote(value))):
            return target
    return None


def _target(inner: re.Match[str] | None, outer: re.Match[str]) -> str | None:
    if inner is None:
        return None
    query = f"?{outer['query']}" if outer["query"] else ""
    return f"https://{inner['target']}{query}"


def _web(url: str) -> str | None:
    return url if url.lower().startswith(("http://", "https://")) else None


def _from_token(token: str) -> str | None:
    """The address inside a Google News token as used until July 2024; None for later ones."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    # A protocol buffer: fields 1 (a number) and 4 (the address, after its length).
    start = data.find(b'"') + 1
    length, used = _varint(data[start:])
    url = data[start + used : start + used + length].decode("utf-8", "replace")
    return _web(url) if data.startswith(b"\x08\x13") and len(url) == length else None


def _varint(data: bytes) -> tuple[int, int]:
    """The number a protocol buffer has here, and how many bytes it takes."""
    more = list(takewhile(lambda byte: byte & 0x80, data[:4]))
    used = [*more, *data[len(more) : len(more) + 1]]
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(used)), len(used)


def _ascii_host(host: str) -> str:
    """The host as the network knows it, lower case; "" where it can't be one."""
    host = host.lower()
    if not host.isascii():
        try:
            host = unquote(host).encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return host


def safe(url: str) -> str:
    """The http(s) link as it may be shown: ASCII, without credentials; "" where it is none."""
    url = _BLANKS.sub("", url.strip())
    if len(url) > MAX_LENGTH or _CONTROLS.search(url):
        return ""
    found = _URL.fullmatch(url)
    host = _ascii_host(found["host"]) if found else ""
    if found is None or not _HOST.fullmatch(host):
        return ""
    port = f":{found['port']}" if found["port"] else ""
    rest = _escaped(url[found.start("path") :] if found["path"] else url[_end_of_host(found) :])
    link = f"{found['scheme'].lower()}://{host}{port}{rest}"
    return link if len(link) <= MAX_LENGTH else ""


def _end_of_host(found: re.Match[str]) -> int:
    return found.end("port") if found["port"] is not None else found.end("host")


def host(url: str) -> str:
    """The host of an http(s) address, lower case, without port and brackets; "" for none."""
    found = _URL.fullmatch(url.strip())
    return _ascii_host(found["host"]).strip("[]") if found else ""


def without_credentials(url: str) -> str:
    """An address that is as good as the given one, but for `user:password@`."""
    return _USERINFO.sub("", url, count=1)


def shown(text: str) -> str:
    """An address, or a text with addresses, as logs, lists and errors may show it: without keys."""
    return _KEY_IN_QUERY.sub(r"\1***", _LOGIN.sub("", text))


def credentials(url: str) -> tuple[str, str]:
    """User name and password of an http(s) address as it has them, escapes and all; "" for none."""
    found = _URL.fullmatch(url.strip())
    user, _, password = ((found and found["userinfo"]) or "").removesuffix("@").partition(":")
    return user, password
