"""What the elements of plain RSS 2.0 and Atom mean to feedparser, by name. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.feeds.tags import UnusualError, attributes

UNLISTED = "?"
"""The name of elements that mean something else, or may."""

ATOM = "http://www.w3.org/2005/atom"
_CANONICAL = {
    ATOM: "",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
}
"""Namespaces whose elements are listed here, with the prefix that feedparser gives them."""
_ATOM_PREFIXES = {"atom", "atom10", "a10"}
_LEFT = {
    "http://blogs.law.harvard.edu/tech/rss",
    "http://creativecommons.org/ns#license",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html",
    "http://backend.userland.com/creativecommonsrssmodule",
    "http://example.com/dtds/podcast-1.0.dtd",
    "http://example.com/necho",
    "http://example.com/newformat#",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://podlove.org/simple-chapters",
    "http://purl.org/atom/ns#",
    "http://purl.org/echo/",
    "http://purl.org/pie/",
    "http://purl.org/rss/1.0/",
    "http://purl.org/rss/1.0/modules/rss091#",
    "http://web.resource.org/cc/",
    "http://webns.net/mvcb/",
    "http://www.georss.org/georss",
    "http://www.opengis.net/gml",
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "uri/of/echo/namespace#",
}
"""Namespaces that mean something to feedparser, but are not listed."""
_LEFT_PART = "backend.userland.com/rss"
_MEANT = {
    "admin", "cc", "content", "creativecommons", "dc", "dcterms", "feedburner", "geo", "georss",
    "gml", "itunes", "media", "psc", "xhtml", "xml",
}  # fmt: skip
"""Prefixes that mean something to feedparser, even where they are bound to another namespace."""

HARMLESS = {
    "", "author", "category", "comments", "contributor", "copyright", "email", "enclosure", "name",
    "rights", "uri",
    "dc:contributor", "dc:creator", "dc:format", "dc:identifier", "dc:publisher", "dc:rights",
    "dc:source", "dc:subject", "dc:type",
    "feedburner:info", "feedburner:origenclosurelink",
    "itunes:author", "itunes:block", "itunes:category", "itunes:duration", "itunes:email",
    "itunes:episode", "itunes:episodetype", "itunes:explicit", "itunes:image", "itunes:keywords",
    "itunes:name", "itunes:owner", "itunes:season", "itunes:subtitle", "itunes:title", "itunes:type",
    "media:category", "media:community", "media:content", "media:copyright", "media:credit",
    "media:group", "media:hash", "media:keywords", "media:player", "media:rating",
    "media:restriction", "media:starrating", "media:statistics", "media:tags", "media:text",
    "media:thumbnail",
}  # fmt: skip
"""Elements that change nothing of what is kept; "" is any of a namespace that means nothing."""
HARMLESS_IN_HEAD = HARMLESS | {
    "feedburner:awareness", "feedburner:emailserviceid", "feedburner:feedburnerhostname",
    "feedburner:feedflare",
    "cloud", "day", "description", "docs", "generator", "hour", "icon", "id", "lastbuilddate",
    "link", "logo", "managingeditor", "pubdate", "published", "skipdays", "skiphours", "subtitle",
    "ttl", "updated", "webmaster",
}  # fmt: skip
PICTURES = {"image", "textinput"}
IN_PICTURES = {"description", "height", "link", "name", "title", "url", "width"}
IN_SOURCE = {
    "author", "email", "id", "link", "name", "published", "rights", "title", "updated", "uri",
}  # fmt: skip
DATES = {
    "pubdate": "published",
    "published": "published",
    "dcterms:issued": "published",
    "updated": "updated",
    "dc:date": "updated",
    "dcterms:modified": "updated",
    "dcterms:created": "created",
}
"""The kind of date that an element gives."""


@dataclass(slots=True)
class Vocabulary:
    """The names that the tags of one document stand for."""

    _bound: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def bind(self, prefix: str, uri: str) -> None:
        """Note what namespace a prefix stands for.

        Raises:
            UnusualError: It stood for another one before.
        """
        if self._bound.setdefault(prefix, uri.lower()) != uri.lower():
            raise UnusualError

    def bind_all(self, written: str) -> None:
        """Note what the attributes of a tag declare.

        Raises:
            UnusualError: They change the default namespace, or as `bind` says.
        """
        for name, value in attributes(written).items():
            if name == "xmlns":
                raise UnusualError
            if name.startswith("xmlns:"):
                self.bind(name.removeprefix("xmlns:"), value)

    def name(self, tag: str) -> str:
        """What feedparser calls an element; "" where the name means nothing to it, `UNLISTED`."""
        known = self._names.get(tag)
        if known is None:
            known = self._names[tag] = self._canonical(tag)
        return known

    def _canonical(self, tag: str) -> str:
        prefix, _, local = tag.rpartition(":")
        if not prefix:
            return local.lower()
        uri = self._bound.get(prefix, "")
        known = _CANONICAL.get(uri)
        if known is None:
            return UNLISTED if _is_meant(prefix, uri) else ""
        if known:
            return f"{known}:{local}".lower() if prefix == known else UNLISTED
        return local.lower() if prefix in _ATOM_PREFIXES else UNLISTED


def _is_meant(prefix: str, uri: str) -> bool:
    """Whether feedparser may take elements of a namespace for something it knows."""
    return not uri or uri in _LEFT or _LEFT_PART in uri or prefix.lower() in _MEANT or "_" in prefix
