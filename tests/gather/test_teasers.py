"""The one paragraph under a headline: what is left out of it, and where it ends."""

from __future__ import annotations

import pytest

from digest.gather.clean.teaser import shorten, teaser
from tests.gather.feeds import only, rss


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("By Ada Byron, Interim Director\n\nDear Members,\n\nA happy new year!", "A happy new year!"),
        ("by Dr Ada Byron, PhD, Chair\n\nWe met.", "We met."),
        ("Von Ada Byron und Eva Maier\n\nWir trafen uns.", "Wir trafen uns."),
        ("Liebe Mitglieder,\n\nWir trafen uns.", "Wir trafen uns."),
        ("A fine title\n\nWe met.", "We met."),
        ("Posted on 5 March 2024\n\nWe met.", "We met."),
        # These are no openings.
        ("By joining us you help.\n\nCome.", "By joining us you help. Come."),
        ("Dear to us is this: reading.\n\nCome.", "Dear to us is this: reading. Come."),
        ("By Ada Byron", "By Ada Byron"),
        # What ends without a full stop is set off.
        ("What we did\n\nWe met.\n\nWhat comes\n\nWe part.", "What we did – We met. What comes – We part."),
        ("Date: 27 March\n\nLocation: Cork", "Date: 27 March – Location: Cork"),
        ("We met\n\nand parted.", "We met and parted."),
        ("We bring:\n\n- one\n- two", "We bring: • one • two"),
    ],
)
def test_openings_are_left_out_and_paragraphs_parted(text: str, clean: str) -> None:
    assert teaser(text, 280, title="A fine title") == clean


@pytest.mark.parametrize(
    "text",
    [
        "Ein Text. Der Beitrag Titel erschien zuerst auf Seite.",
        "Ein Text. L’article Titre est apparu en premier sur Site.",
        "Ein Text. La entrada Título se publicó primero en Sitio.",
        "Ein Text. L'articolo Titolo proviene da Sito.",
        "Ein Text. Inlägget Titel dök först upp på Sida.",
        "Ein Text. Indlægget Titel blev først udgivet på Side.",
        "Ein Text. Запись Название впервые появилась Сайт.",
        "Ein Text. 投稿 題名 は サイト に最初に表示されました。",
        "Ein Text. ظهرت المقالة العنوان أولاً على الموقع.",
        "Ein Text. This article was originally published on A Site. Read more",
        "Ein Text. submitted by /u/me to r/here [link] [comments]",
        "Ein Text. Log in or register to post comments",
        "Ein Text. Lees meer",
        "Ein Text. Читать далее →",
        "Ein Text. 続きを読む",
        "Ein Text. (more…)",
        "Ein Text. Continue reading on A Site »",
        "Ein Text. Share this: Facebook X LinkedIn",
    ],
)
def test_boilerplate_is_removed(text: str) -> None:
    assert teaser(text, 280).rstrip("…") == "Ein Text."


@pytest.mark.parametrize(
    "text",
    [
        "The post was late. It was published in 2019 on paper.",
        "This article was published in a journal.",
        "There is much to learn more of",
        "We read more.",
        "The post office first opened on Monday.",
    ],
)
def test_sentences_that_only_resemble_it_stay(text: str) -> None:
    assert teaser(text, 280) == text


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("यह पहला वाक्य है। " * 8, "यह पहला वाक्य है। " * 4),
        ("هل هذا هو السؤال؟ " * 8, "هل هذا هو السؤال؟ " * 4),
        ("یہ پہلا جملہ ہے۔ " * 8, "یہ پہلا جملہ ہے۔ " * 4),
        ("これは最初の文です。" * 20, "これは最初の文です。" * 7),
        ("Սա առաջինն է։ " * 10, "Սա առաջինն է։ " * 5),
    ],
)
def test_sentences_of_other_scripts_end_too(text: str, cut: str) -> None:
    assert teaser(text, 74) == cut.strip()


@pytest.mark.parametrize(
    "cluster",
    ["👩‍💻", "🇬🇧", "क्ष", "e\u0301", "👍🏽", "กำ"],
)
def test_a_cut_never_falls_within_what_is_seen_as_one_letter(cluster: str) -> None:
    line = cluster * 100
    for length in range(60, 72):
        cut = shorten(line, length)
        assert len(cut) <= length
        assert cut.endswith("…")
        kept = cut[:-1]
        assert kept == cluster * (len(kept) // len(cluster))


def test_a_cut_never_falls_within_a_character_reference() -> None:
    body = rss(
        f"<title>T</title><description>&lt;p&gt;{'word &amp;amp; &amp;eacute;t&amp;eacute; ' * 60}</description>"
    )
    assert not any(sign in only(body).doc.summary for sign in ("&a", "&e", "&#", "; "))


def test_right_to_left_text_is_cut_at_a_word_and_keeps_its_marks() -> None:
    text = "كلمة طويلة، " * 30
    cut = teaser(text, 100)
    assert cut.endswith("…")
    assert not cut.endswith("،…")
    assert teaser("שלום \u200f(abc) עולם.", 100) == "שלום \u200f(abc) עולם."


@pytest.mark.parametrize(
    "footer",
    [
        "########################################################################\n\nTo unsubscribe from X:\nhttps://l.example",
        "To unsubscribe from the HEDGES list, click the following link:\nhttps://l.example/u",
        "_______________________________________________\nHedges mailing list\nhedges@l.example",
        "This message was issued to members of l.example/hedges, a mailing list",
    ],
)
def test_what_a_list_adds_to_a_mail_is_removed(footer: str) -> None:
    mail = f"<pre>We plant on Friday.\n\n{footer}\n</pre>"
    assert (
        only(rss(f"<title>T</title><description><![CDATA[{mail}]]></description>")).doc.summary
        == "We plant on Friday."
    )


def test_a_signature_is_no_part_of_a_mails_teaser() -> None:
    mail = "<pre>We plant on Friday.\n-- \nAda Byron\nOffice</pre>"
    assert (
        only(rss(f"<title>T</title><description><![CDATA[{mail}]]></description>")).doc.summary
        == "We plant on Friday."
    )


@pytest.mark.parametrize(
    "ending",
    [
        "Читать дальше →",
        "∞ Permalink",
        "★",
        "1 个帖子 - 1 位参与者 阅读完整话题",
        "Statistics: Posted by ada — 29 minutes ago",
        "Learn more about your ad choices. Visit megaphone.fm/adchoices",
        "3 posts - 2 participants Read full topic",
        "Thanks for reading Hedges! Subscribe for free to receive new posts and support my work.",
    ],
)
def test_what_hosts_of_blogs_and_podcasts_add_is_removed(ending: str) -> None:
    assert teaser(f"We plant hedges.\n\n{ending}", 280) == "We plant hedges."


def test_a_summary_of_counters_alone_is_none() -> None:
    doc = only(rss("<title>T</title><description>[link] [1143 comments]</description>")).doc
    assert doc.summary == ""


def test_a_word_that_also_says_read_more_stays_in_a_sentence() -> None:
    text = "Завтра расскажем об этом подробнее."
    assert teaser(text, 280) == text


def test_a_cut_of_the_sources_own_is_shown_as_one() -> None:
    text = f"{'Hedges shelter birds. ' * 8}They begin [...] and then they end with much more to say about it all."
    assert teaser(text, 200).endswith(("birds.", "…"))
    assert "[" not in teaser(text, 196)


def test_a_players_apology_is_left_out() -> None:
    assert teaser("Your browser does not support iframes.\n\nWe plant hedges.", 280) == "We plant hedges."
