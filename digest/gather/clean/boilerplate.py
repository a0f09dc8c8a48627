"""What publishing software puts before and after a text, in the languages it speaks."""

from __future__ import annotations

import re

ENDING = 700  # characters: what software adds is never longer

# "The post X first appeared on Y", as WordPress says it: how the sentence begins, and what stands between X and Y.
_APPEARED = (
    (
        r"\b(?:The|This) (?:post|article|entry) ",
        r" (?:was )?(?:(?:first|originally) (?:appeared|published|posted)|(?:appeared|published|posted) first)"
        r" (?:on|in|at) ",
    ),
    (r"\bDer (?:Beitrag|Artikel) ", r" erschien zuerst auf "),
    (r"\bL[’']article ", r" est apparu en premier sur "),
    (r"\b(?:La entrada|El cargo|El post) ", r" (?:se publicó primero en|apare(?:ce|ció) primero en) "),
    (r"\bL[’']articolo ", r" (?:proviene da|sembra essere il primo su) "),
    (r"\bO (?:post|conteúdo) ", r" aparec(?:e|eu) primeiro em "),
    (r"\bHet bericht ", r" verscheen eerst op "),
    (r"\bArtykuł ", r" pochodzi z serwisu "),
    (r"\bInlägget ", r" dök först upp på "),
    (r"\bIndlægget ", r" (?:blev først udgivet|dukkede først op) på "),
    (r"\bInnlegget ", r" dukket først opp på "),
    (r"\b(?:Сообщение|Запись) ", r" (?:появи(?:лись|лось) сначала на|впервые появилась) "),
    (r"投稿 ", r" に最初に表示されました"),
    (r"(?:^|(?<=[。！？ ]))(?=\S)", r"最先出现在"),
    (r"ظهرت المقالة ", r" أولاً على "),
    (r"نوشته ", r" اولین بار در "),
    (r"הפוסט ", r" הופיע לראשונה "),
)
_APPEARED_SIGNS = (
    *("appeared", "published", "posted", "erschien zuerst", "apparu en premier", "primero en", "proviene da"),
    *("primo su", "primeiro em", "verscheen eerst", "pochodzi z", "dök först", "først", "сначала на", "впервые"),
    *("最初に表示", "最先出现在", "أولاً على", "اولین بار", "הופיע לראשונה"),
)
_BETWEEN = re.compile("|".join(f"({between})" for _, between in _APPEARED), re.IGNORECASE)
_BEGINNINGS = tuple(re.compile(beginning, re.IGNORECASE) for beginning, _ in _APPEARED)
_MORE = re.compile(
    r"""(?:
        \(?\s*(?:\b(?:Continue\ reading|(?-i:Read|READ)\ (?:the\ )?(?:more|full\ (?:story|article|post)
                |rest\ of\ this\ (?:entry|article|post))
            |Keep\ reading|(?-i:Find\ out|Learn|See)\ more|Click\ here\ to\ read\ more|View\ article
            |Weiterlesen|Mehr\ lesen|Zum\ Artikel|Lire\ la\ suite|En\ savoir\ plus|Leer\ más|Seguir\ leyendo
            |Lees\ (?:verder|meer)|Czytaj\ (?:dalej|więcej)|Leggi\ tutto|Continua\ a\ leggere|Læs\ mere|Läs\ mer
            |Fortsätt\ läsa|Les\ mer|Lue\ lisää|Leia\ mais|Continue\ (?:a\ ler|lendo)|Devamını\ oku|Číst\ dál
            |Читать\ (?:далее|дальше|полностью)|(?-i:Подробнее|Детальніше)|Čítať\ ďalej|Citește\ mai\ mult|Læs\ videre
            |Les\ hele\ saken|Llegeix\ més|Continuar\ leyendo|Ler\ mais|Weiter\ lesen|Zum\ Beitrag|(?-i:Tovább)
            |Читати\ далі|Διαβάστε\ περισσότερα)\b
          |اقرأ\ المزيد|ادامه\ مطلب|続きを読む|阅读全文|继续阅读|閱讀全文|계속\ 읽기|और\ पढ़ें)
        (?:\s*(?:about|of|on)?\s*["“„«].{1,200}["”“»]|\s+[^.!?]{1,200}?(?:→|»|›)|)
        \s*[\[\(]?(?:…|\.\.\.)?[\]\)]?\s*(?:→|»|›|>{1,2})?\s*\)?\.?
      | [\[\(]\s*(?:more|mehr|suite|\+)\s*(?:…|\.\.\.)?\s*[\]\)] | \(more(?:…|\.\.\.)\)
      | (?:\[\s*(?:…|\.\.\.|&hellip;|&\#8230;)\s*\]|\(\s*(?:…|\.\.\.)\s*\)|(?:…|\.\.\.)\s*(?:→|»|›)?)
      | \s(?:→|»|›|\[»\])
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_UNDER_SIGNS = (
    *("submitted by", "[link", "comment", "permalink", "leave a reply", "kommentar", "share", "tweet", "teilen"),
    *(
        "like this",
        "★",
        "∞",
        "¶",
        "statistics:",
        "learn more about",
        "ad choices",
        "hosted",
        "acast.com",
        "art19.com",
    ),
    *("omnystudio.com", "subscribe", "full topic", "participant", "参与者", "阅读完整话题"),
)
# Buttons, counters and notes under a post: they say nothing of whether the text was cut.
_UNDER_POSTS = re.compile(
    r"""(?:
        \s(?:submitted\ by\s+/?u/\S+(?:\s+to\s+/?r/\S+)?)
      | \s\[(?:link|(?:\d{1,6}\ )?comments?|permalink)\]
      | \s(?:∞\s?)?Permalink | \s[★∞¶]
      | \sStatistics:\ Posted\ by\s.{1,80}
      | \sLearn\ more\ about\ (?:your\ ad[-\ ]choices|advertising\ on)\b.{0,300}
      | \s(?:And\ to|To)\ learn\ about\ your\ ad\ choices\b.{0,200}
      | \s(?:Hosted\ (?:on|by)\ (?:Acast|Ausha)|See\ (?:omnystudio|acast|art19)\.com/).{0,160}
      | \s(?:Thanks\ for\ reading\ [^.!?]{1,80}!?\s)?Subscribe\ (?:for\ free\ )?to\ receive\ new\ posts\b.{0,80}
      | \s(?:Read|View|See)\ (?:the\ )?full\ topic
      | \s\d{1,4}\ (?:posts?\ -\ \d{1,4}\ participants?|个帖子\ -\ \d{1,4}\ 位参与者) | \s阅读完整话题
      | \s(?:Add\ new\ comment|Leave\ a\ (?:comment|reply)|Post\ a\ comment|Kommentar\ schreiben)
      | \sLog\ in\ (?:or\ register\ )?to\ post\ comments
      | \s\d{1,4}\ comments?
      | \s(?:Share\ this|Tweet\ this|Teilen\ mit|Share\ on):?(?:\s(?:Facebook|Twitter|X|LinkedIn|Email|E-mail|WhatsApp
            |Print|Reddit|Pinterest|Mastodon|Bluesky|Tumblr|Telegram|Like\ this|Like|Loading\.\.\.|Loading…):?,?)*
      | \sLike\ this:\ Like\ Loading(?:\.\.\.|…)
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)

_NAME = r"(?-i:[^\Wa-z\d_])[\w.’'-]*"
_BY_LINE = re.compile(
    rf"""^(?:
        (?:(?:written|posted|published|text|words|story)\ )?by:?\s+(?-i:[^\Wa-z\d_]).{{1,120}}
      | (?:author|authors|autor|autorin|auteur|text|foto|photo|image)s?:\s.{{2,100}}
      | (?:von|par|por|door|di|av|af)\ {_NAME}(?:\ (?:und\ |et\ |y\ |e\ |en\ )?{_NAME}){{1,4}}
      | (?:posted|published|updated|last\ updated|submitted)(?:\ on)?:?\s.{{2,60}}
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_SALUTATION = re.compile(
    r"""^(?:dear|hello|hi|greetings|good\ (?:morning|afternoon|evening)|liebe[rs]?|sehr\ geehrte[rs]?
        |hallo|chers?|chère?s?|bonjour|estimad[oa]s?|querid[oa]s?|hola|gentil[ei]|car[ioae]|beste|geachte|szanowni|drodzy|kære|kära|kjære
        |prezad[oa]s?|olá)\b(?:[^.!?]{0,60}[,!:–]|(?:\s+\S+){0,2})$""",
    re.VERBOSE | re.IGNORECASE,
)
_SENTENCES = re.compile(r"[.!?]\s+\S+\s+\S+\s+\S+")
# What journals put before an abstract: the citation, line by line, and the word itself.
_CITATION = re.compile(
    r"""^(?:(?:publication\ date|available\ online|source|author\(s\)|authors?|doi)\s?:\s.{1,1000}
      | (?:abstract|summary|zusammenfassung|résumé|resumen|riassunto|resumo|samenvatting|abstrakt|аннотация|摘要|要旨)
        \s?[:.]?
      | (?:[^.]{3,150},\ )?(?:ahead\ of\ print|volume\ \d[^.]{0,120})\.?
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_CITED_FIRST = re.compile(
    r"(?:[^.]{3,150}, (?:Ahead of Print|Volume \d+, Issue [\w-]+, Pages? [\w–-]+, \w+ \d{4})\.\s+"
    r"|arXiv:\S+ Announce Type: \S+\s+Abstract:\s*"
    r"|Your browser does not support [^.]{3,60}\.\s+|(?:Abstract\s?[:.–—-]|ABSTRACT\s?[:.–—-]?)\s*)(?=\S)"
)
# What Drupal's default feed writes around a text: its title again, who sent it, and when.
_NODE_FIELD = re.compile(
    r"""<span\b[^<>]{0,300}\bfield--name-(?:title|uid|created)\b[^<>]{0,300}>
        (?:[^<]|<(?:span|time|a)\b[^<>]{0,400}>[^<]*</(?:span|time|a)>){0,300}?</span>""",
    re.VERBOSE | re.IGNORECASE,
)
_NODE_HEADER = re.compile(
    r"""\s*<span\b[^<>]{0,300}>[^<]{0,500}</span>
        \s*<span\b[^<>]{0,300}>\s*(?:<(?:span|a)\b[^<>]{0,400}>[^<]{0,200}</(?:span|a)>|[^<]{0,200})\s*</span>
        \s*<span\b[^<>]{0,300}>\s*(?:<time\b[^<>]{0,400}>)?[^<]{0,60}\b(?:19|20)\d\d\b[^<]{0,60}(?:</time>)?\s*</span>""",
    re.VERBOSE | re.IGNORECASE,
)


def without_node_header(markup: str) -> str:
    """Unsanitised markup without the title, sender and time that Drupal repeats in it."""
    if "<span" not in markup:
        return markup
    if header := _NODE_HEADER.match(markup):
        markup = markup[header.end() :]
    return _NODE_FIELD.sub(" ", markup) if "field--name-" in markup else markup


def is_opening(paragraph: str) -> bool:
    """Whether a whole first paragraph is a by-line or a salutation."""
    if is_citation(paragraph):
        return True
    if len(paragraph) > 160:
        return False
    if _SALUTATION.match(paragraph):
        return True
    return _BY_LINE.match(paragraph) is not None and not _is_sentence(paragraph)


def is_citation(paragraph: str) -> bool:
    """Whether a paragraph says where an article appeared and nothing of what it is about."""
    return len(paragraph) <= 1000 and _CITATION.match(paragraph) is not None


def without_citation(line: str) -> str:
    """`line` without the citation that some journals begin an abstract with."""
    found = _CITED_FIRST.match(line)
    return line[found.end() :] if found else line


def _is_sentence(paragraph: str) -> bool:
    """ "By joining us you help." is one; "By Dr. J. Smith, University of York" is none."""
    return paragraph.endswith((".", "!", "?")) or _SENTENCES.search(paragraph) is not None


def without_endings(line: str) -> tuple[str, bool]:
    """`line` without what software added at its end, and whether that said "and so on"."""
    was_cut, line = False, f" {line}"  # what is added may be all there is
    for _ in range(6):
        start = max(0, len(line) - ENDING)
        end = _appeared(line, start)
        if end is None and _is_signed(line[start:]) and (found := _UNDER_POSTS.search(line, start)):
            end = found.start()
        if end is None and (found := _MORE.search(line, start)):
            end, was_cut = found.start(), True
        if end is None:
            break
        line = line[:end].rstrip(" –—|:•")
    return line.lstrip(), was_cut


def _is_signed(ending: str) -> bool:
    """Whether one of `_UNDER_POSTS` may stand there: much quicker than to look for each."""
    ending = ending.casefold()
    return any(sign in ending for sign in _UNDER_SIGNS)


def _appeared(line: str, start: int) -> int | None:
    """Where the sentence "The post X first appeared on Y" begins; None when the line does not end with one."""
    ending = line[start:].casefold()
    if not any(sign in ending for sign in _APPEARED_SIGNS):
        return None  # much quicker than to look for each
    found = list(_BETWEEN.finditer(line, start))
    if not found or len(line) - found[-1].end() > 200:
        return None
    between = found[-1]
    assert between.lastindex is not None
    beginnings = [b.start() for b in _BEGINNINGS[between.lastindex - 1].finditer(line, start, between.start() + 1)]
    return beginnings[-1] if beginnings else None
