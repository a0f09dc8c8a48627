"""Addresses: made absolute, freed of tracking parameters, and brought into one spelling for comparison."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import SplitResult, parse_qs, unquote_plus, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

MAX_URL = 2000  # characters: no mail program follows a longer one

# Parameters that say where a reader came from and never what is shown. The lists of link-cleaning libraries were
# tried and are too eager for a comparison key: they also take `session=`, `reference=`, `cid=` and `uid=`, by which
# conference and journal sites name their pages.
TRACKING_PREFIXES = (
    "utm_",
    "mtm_",
    "pk_",
    "piwik_",
    "matomo_",
    "hsa_",
    "_hs",
    "oly_",
    "vero_",
    "at_",
    "itm_",
    "stm_",
)
TRACKING_NAMES = {
    *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid"),
    *("li_fat_id", "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "_ga", "_gl", "_openstat", "xtor", "s_cid"),
    *("ncid", "cmpid", "cmp", "ns_source", "ns_mchannel", "ns_campaign", "ns_linkname", "ns_fee", "wt_mc"),
    *("wt.mc_id", "wickedid", "rb_clickid", "ml_subscriber", "ml_subscriber_hash", "ck_subscriber_id", "spm"),
    *("trk", "trkcampaign", "ftag", "guccounter", "guce_referrer", "guce_referrer_sig", "__twitter_impression"),
    *("ref_src", "ref_url", "partner", "dgcid"),
}
# These mean something on some sites; they are tracking only with these values.
_TRACKING_VALUES = {
    "ref": re.compile(r"(?i)^(rss|feed|atom|newsletter|email|twitter|facebook)"),
    "source": re.compile(r"(?i)^(rss|feed|atom|newsletter|email)"),
    "src": re.compile(r"(?i)^(rss|feed|atom)"),
    "rss": re.compile(r"^(1|true|yes)?$"),
    "af": re.compile(r"^R$"),  # two publishers of journals, in their feeds
    "from": re.compile(r"(?i)^(rss|feed|atom)"),
    "emc": re.compile(r"(?i)^(rss|eta\d|edit_\w+)$"),
    "_location": re.compile(r"(?i)^(rss|feed)$"),
    "source_type": re.compile(r"(?i)^(rss|feed)$"),
    "feature": re.compile(r"^(youtu\.be|share|emb_\w+)$"),
}
_BAD_CHARACTERS = re.compile(r"[\s\x00-\x20\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]+")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_REDIRECTOR = re.compile(r"https?://(?:www\.)?google\.[a-z.]{2,6}/url\?", re.IGNORECASE)
_DEFAULT_PORT = {"http": 80, "https": 443}


def absolute(url: str, base: str = "") -> str:
    """`url` as an absolute http(s) address, resolved against `base`; "" when it cannot be one."""
    url = url.strip().strip("\u200b\ufeff")
    if not url or len(url) > MAX_URL:
        return ""
    # Browsers drop tabs and newlines and percent-encode spaces (WHATWG URL).
    url = re.sub(r"[\t\r\n]+", "", url)
    if " " in url:
        if "/" not in url:
            return ""  # words where an address belongs
        url = url.replace(" ", "%20")
    if _BAD_CHARACTERS.search(url):
        return ""
    try:
        if not _SCHEME.match(url):
            url = urljoin(base, url) if base else url
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in _DEFAULT_PORT or not host or "\\" in parts.netloc or re.search(r'["<>]', url):
        return ""
    return url if parts.scheme.islower() else urlunsplit(parts)


def unwrapped(url: str) -> str:
    """The page itself, where `url` only counts the click and goes on to it, as those of Google Alerts do."""
    if "/url?" not in url or _REDIRECTOR.match(url) is None:
        return url
    given = parse_qs(urlsplit(url).query)
    return next((found for key in ("url", "q") for value in given.get(key, []) if (found := absolute(value))), url)


def without_tracking(url: str) -> str:
    """`url` without the parameters that only say where a reader came from; nothing else is touched."""
    if "?" not in url and "#" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = _kept(parts.query)
    fragment = _kept(parts.fragment) if "=" in parts.fragment else parts.fragment
    if query == parts.query and fragment == parts.fragment:
        return url
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, fragment))


def canonical(url: str) -> str:
    """One spelling for all the addresses of one page; only for comparison, not for following.

    Scheme, "www." and a closing slash are left out, tracking is removed, parameters are sorted. A fragment stays:
    changelogs and long pages publish several entries under one address.
    """
    url = without_tracking(url)
    try:
        normal = urlsplit(canonicalize_url(url, keep_blank_values=True, keep_fragments=True))
        host = _host(normal)
    except ValueError:
        return url
    path = normal.path.rstrip("/") or "/"
    return urlunsplit(("", host, path, normal.query, normal.fragment)).removeprefix("//")


def url_key(url: str) -> str:
    """SHA-256 of the canonical address, hex; "" for none."""
    return hashlib.sha256(canonical(url).encode("utf-8", "replace")).hexdigest() if url else ""


def _kept(query: str) -> str:
    return "&".join(part for part in query.split("&") if not _is_tracking(part)) if query else query


def _is_tracking(part: str) -> bool:
    name, _, value = part.partition("=")
    name = unquote_plus(name).lower().removeprefix("amp;")
    if name in TRACKING_NAMES or name.startswith(TRACKING_PREFIXES):
        return True
    pattern = _TRACKING_VALUES.get(name)
    return pattern is not None and pattern.search(value) is not None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    port = parts.port
    return host if port is None or port == _DEFAULT_PORT.get(parts.scheme) else f"{host}:{port}"
