"""Small issues of invented associations in other languages: German, Arabic, Japanese. Each has every kind of fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digest.compose.document import DocumentSection, IssueDocument, Item
from digest.gather.document import EventTime, Publication
from tests.render import documents
from tests.render.documents import at, document


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """An association's settings, as lines of its [association] table, and one of its issues."""

    language: str
    association: str
    issue: IssueDocument

    @property
    def config(self) -> str:
        head = f'[association]\nlanguage = "{self.language}"\n{self.association}\n'
        kinds = "".join(
            f'[[sections]]\nid = "{s.id}"\ntitle = "{s.title}"\nkind = "{s.kind}"\n' for s in self.issue.sections
        )
        return f'{head}[digest]\nanchor = {{ number = 736, date = 2024-02-12 }}\n[web]\nbase_url = "https://digest.example"\n{kinds}'


def item(title: str, *, id: str, **values: Any) -> Item:
    return documents.item(title, id=id, url=f"https://www.example.org/{id}/", **values)


def _sections(titles: tuple[str, ...], *items: tuple[Item, ...]) -> tuple[DocumentSection, ...]:
    kinds = (("news", "list"), ("events", "events"), ("publications", "publications"), ("jobs", "jobs"))
    return tuple(
        DocumentSection(id=id_, title=title, kind=kind, items=found, more=3 if id_ == "news" else 0)
        for (id_, kind), title, found in zip(kinds, titles, items, strict=True)
    )


GERMAN = Tongue(
    language="de",
    association="""name = "Hafenlicht, Gesellschaft für Lerntechnik"
strapline = "Unterrichten mit Technik, und vorher darüber nachdenken"
postal_address = "Kielgasse 4, 24999 Salzmarsch"
contact_email = "buero@hafenlicht.example"
zone = "Europe/Berlin"
""",
    issue=document(
        *_sections(
            ("Nachrichten", "Veranstaltungen", "Veröffentlichungen", "Stellen"),
            (
                item(
                    "Untertitel für alle: was elf Schulen in einem Halbjahr gelernt haben",
                    id="i1",
                    summary="Seit dem Herbst läuft bei jeder aufgezeichneten Stunde eine Untertitelung mit. Der Abschlussbericht "
                    "zeigt, dass weit mehr Schülerinnen und Schüler sie nutzen, als irgendjemand erwartet hatte.",
                    source_title="Neues aus der Gesellschaft",
                    also_in=("Schule am Deich",),
                ),
                item(
                    "Die Beiträge bleiben im dritten Jahr unverändert",
                    id="i2",
                    source_title="Neues aus der Gesellschaft",
                    flags=("changed",),
                    published=at(30, month=12, year=2023),
                ),
            ),
            (
                item(
                    "Mittagsrunde: Bewertungsbögen, die gelesen werden",
                    id="i3",
                    source_title="Kalender",
                    event=EventTime(start=at(13, 11), end=at(13, 12), online=True),
                    flags=("last-chance",),
                ),
                item(
                    "Jahrestagung: Kleine Stücke",
                    id="i4",
                    source_title="Kalender",
                    event=EventTime(
                        start=at(24, 22, month=6),
                        end=at(27, 22, month=6),
                        all_day=True,
                        place="Rathaus Salzmarsch",
                        online=True,
                        guessed=True,
                    ),
                ),
            ),
            (
                item(
                    "Wer spricht als Nächstes? Wortwechsel im hybriden Seminar",
                    id="i5",
                    source_title="Blätter für Lernpraxis",
                    authors=("Margit Odersky", "Pavel Strnad"),
                    publication=Publication(
                        journal="Blätter für Lernpraxis", doi="10.55555/blp.32.7", volume="32", open_access=True
                    ),
                ),
            ),
            (
                item(
                    "Lerndesign, Hochschule am Fehn",
                    id="i6",
                    source_title="Stellenmarkt",
                    closing=at(1, month=3).date(),
                ),
            ),
        ),
        language="de",
        zone="Europe/Berlin",
        title="Nachrichten der Woche - Ausgabe 736, 12. Feb. 2024",
        subject="Nachrichten der Woche - Ausgabe 736, 12. Feb. 2024",
        preheader="",
        intro="Guten Morgen. Diese Woche: ein Halbjahr mit **Untertiteln**, und drei Plätze im "
        "[Vorstand](https://www.hafenlicht.example/vorstand).",
    ),
)

ARABIC = Tongue(
    language="ar",
    association="""name = "جمعية منارة الميناء لتقنيات التعليم"
strapline = "نُعلّم بالتقنية، ونفكر فيها أولًا"
postal_address = "4 شارع الشراع، مرسى الملح"
contact_email = "office@manara.example"
zone = "Asia/Riyadh"
""",
    issue=document(
        *_sections(
            ("الأخبار", "الفعاليات", "المنشورات", "الوظائف"),
            (
                item(
                    "تجربة الترجمة النصية: ما تعلمته إحدى عشرة كلية في فصل واحد",
                    id="i1",
                    summary="منذ الخريف الماضي تُعرض الترجمة النصية مع كل محاضرة مسجلة في إحدى عشرة كلية. ويبيّن التقرير الختامي "
                    "أن الطلاب استخدموها أكثر بكثير مما توقعه أحد، وأن قائمة المفردات كانت أهم من البرنامج نفسه.",
                    source_title="أخبار الجمعية",
                    also_in=("أسبوعية التعليم",),
                ),
                item(
                    "دليل جديد لاستخدام H5P مع Moodle في الصفوف الصغيرة",
                    id="i2",
                    summary="أربع صفحات كتبها معلمون مع طلابهم: H5P وMoodle وما يلزم لهما، خطوة خطوة، مع أمثلة يمكن نسخها "
                    "وتعديلها بحرية.",
                    source_title="أخبار الجمعية",
                    flags=("changed",),
                    published=at(30, month=12, year=2023),
                ),
                item(
                    "An English report on captions, without translation",
                    id="i7",
                    summary="Eight minutes an hour is what corrections take.",
                    source_title="Harbourlight",
                ),
            ),
            (
                item(
                    "لقاء الظهيرة: معايير تقييم يقرؤها الطلاب",
                    id="i3",
                    source_title="تقويم الفعاليات",
                    event=EventTime(start=at(13, 11), end=at(13, 12), online=True),
                    flags=("last-chance",),
                ),
                item(
                    "المؤتمر السنوي: قطع صغيرة",
                    id="i4",
                    source_title="تقويم الفعاليات",
                    event=EventTime(
                        start=at(24, 21, month=6),
                        end=at(27, 21, month=6),
                        all_day=True,
                        place="قاعة البلدية، مرسى الملح",
                        online=True,
                        guessed=True,
                    ),
                ),
            ),
            (
                item(
                    "من يتكلم بعد ذلك؟ تبادل الأدوار في الندوات الهجينة",
                    id="i5",
                    source_title="مجلة ممارسات التعلم",
                    authors=("مريم العودة", "باسل السترناد", "كاترين لويلين"),
                    publication=Publication(
                        journal="مجلة ممارسات التعلم",
                        doi="10.55555/mmt.32.7",
                        volume="32",
                        issue="1",
                        open_access=True,
                    ),
                ),
            ),
            (
                item(
                    "مصمم تعليمي، جامعة الأهوار",
                    id="i6",
                    source_title="لوحة الوظائف",
                    closing=at(1, month=3).date(),
                ),
            ),
        ),
        language="ar",
        zone="Asia/Riyadh",
        title="نشرة الأخبار الأسبوعية - العدد 736، 12 فبراير 2024",
        subject="نشرة الأخبار الأسبوعية - العدد 736، 12 فبراير 2024",
        preheader="",
        intro="صباح الخير. في هذا الأسبوع: فصل كامل مع **الترجمة النصية**، وثلاثة مقاعد في "
        "[مجلس الأمناء](https://www.manara.example/trustees) يُغلق باب الترشح لها يوم الجمعة.",
    ),
)

JAPANESE = Tongue(
    language="ja",
    association="""name = "港の灯 学習技術協会"
strapline = "技術で教える前に、まず考える"
postal_address = "塩浜市帆町四丁目二番"
contact_email = "office@minato.example"
zone = "Asia/Tokyo"
""",
    issue=document(
        *_sections(
            ("ニュース", "催し", "論文", "求人"),
            (
                item(
                    "字幕の試み：十一の学校が一学期で学んだこと、そして次の学期に変えること",
                    id="i1",
                    summary="昨年の秋から、十一の学校ですべての録画授業に自動字幕が付いた。最終報告によると、生徒は誰も予想しなかったほど"
                    "字幕を使い、修正には一時間あたり八分かかり、ソフトウェアよりも用語集（Glossary）のほうが大切だった。「やめたい」と"
                    "答えた教員は、一人もいなかった。",
                    source_title="協会だより",
                    also_in=("週刊教育",),
                ),
                item("会費は三年続けて据え置き", id="i2", source_title="協会だより", flags=("changed",)),
            ),
            (
                item(
                    "昼の相談会：生徒が読む評価基準",
                    id="i3",
                    source_title="催しの暦",
                    event=EventTime(start=at(13, 3), end=at(13, 4), online=True),
                ),
                item(
                    "年次大会",
                    id="i4",
                    source_title="催しの暦",
                    event=EventTime(
                        start=at(24, 15, month=6), end=at(27, 15, month=6), all_day=True, place="塩浜市公会堂"
                    ),
                ),
            ),
            (
                item(
                    "次に話すのは誰か",
                    id="i5",
                    source_title="学習実践",
                    authors=("小田真理", "須藤春"),
                    publication=Publication(journal="学習実践", volume="32", open_access=True),
                ),
            ),
            (item("学習設計者", id="i6", source_title="求人板", closing=at(1, month=3).date()),),
        ),
        language="ja",
        zone="Asia/Tokyo",
        title="週刊ニュース - 第736号、2024年2月12日",
        subject="週刊ニュース - 第736号、2024年2月12日",
        preheader="",
        intro="おはようございます。今週は[理事](https://www.minato.example/riji)の選挙があります。",
    ),
)

TONGUES = (GERMAN, ARABIC, JAPANESE)
