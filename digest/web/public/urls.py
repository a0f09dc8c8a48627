"""Addresses of the public pages. Those with a token stand in mails that were sent, so they are final."""

from __future__ import annotations

from django.urls import path, re_path

from digest.web.public import (
    announced,
    choose,
    issue_files,
    join,
    members,
    pages,
    river,
    search,
    site,
    sitemap,
    watch,
)

NUMBER = r"(?P<number>[1-9][0-9]{0,8})"
NAME = r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,79})"  # digest.render.calendar.is_name
SLUG = r"(?P<slug>[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]{1,69})"  # digest.archive.announcements.SLUG
CITATION = r"(?P<form>bib|ris|csl\.json)"
FORM = r"(?P<form>atom|json|rss)"

urlpatterns = [
    path("", pages.home, name="home"),
    path("issues/", pages.issues, name="issues"),
    re_path(r"^issues/year/(?P<year>[1-9][0-9]{3})/$", pages.year, name="year"),
    re_path(rf"^issues/feed\.{FORM}$", issue_files.issues_feed, name="issues-feed"),
    re_path(rf"^issues/(?P<section>[a-z0-9-]+)/feed\.{FORM}$", issue_files.section_feed, name="section-feed"),
    path("issues/card.png", issue_files.card, name="card"),
    path("issues/latest/", pages.latest, name="latest"),
    path("issues/search/", search.search, name="search"),
    re_path(rf"^issues/{NUMBER}/$", pages.issue, name="issue"),
    re_path(rf"^issues/{NUMBER}\.txt$", issue_files.issue_text, name="issue-plain"),
    re_path(rf"^issues/{NUMBER}\.json$", issue_files.issue_json, name="issue-json"),
    re_path(rf"^issues/{NUMBER}\.pdf$", issue_files.issue_pdf, name="issue-pdf"),
    re_path(rf"^issues/{NUMBER}\.{CITATION}$", issue_files.citation, name="issue-citation"),
    re_path(rf"^issues/{NUMBER}/{NAME}\.ics$", issue_files.issue_calendar, name="issue-calendar"),
    re_path(rf"^issues/{NUMBER}/{NAME}\.{CITATION}$", issue_files.citation, name="item-citation"),
    path("river/", river.river, name="river"),
    re_path(rf"^river/feed\.{FORM}$", river.feed, name="river-feed"),
    path("river/events.ics", river.events, name="river-events"),
    path("river/sources/", river.sources, name="river-sources"),
    path("river/sources.opml", river.sources_opml, name="river-opml"),
    path("river/source/<slug:source>/", river.river, name="river-source"),
    re_path(rf"^river/source/(?P<source>[a-z0-9-]+)/feed\.{FORM}$", river.feed, name="river-source-feed"),
    path("river/<slug:section>/", river.river, name="river-section"),  # where a mail's "3 more on the web" leads
    re_path(rf"^river/(?P<section>[a-z0-9-]+)/feed\.{FORM}$", river.feed, name="river-section-feed"),
    path("announcements/", announced.announcements, name="public-announcements"),
    re_path(rf"^announcements/{SLUG}/$", announced.announcement, name="public-announcement"),
    re_path(rf"^announcements/{SLUG}\.txt$", announced.announcement_text, name="public-announcement-text"),
    path("unsubscribe/<str:token>", members.unsubscribe, name="unsubscribe"),
    path("preferences/<str:token>", choose.preferences, name="preferences"),
    path("confirm/<str:token>", join.confirm, name="confirm"),
    path("subscribe/", join.subscribe, name="subscribe"),
    path("subscribe/embed/", join.embed, name="subscribe-embed"),
    path("view/<str:token>", members.view_in_browser, name="view"),
    path("brand.css", site.brand, name="brand-css"),
    path("favicon.svg", site.favicon, name="favicon"),
    path("favicon.ico", site.favicon),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("robots.txt", site.robots, name="robots"),
    path("healthz", watch.health, name="healthz"),
    path("healthz/live", watch.live, name="live"),
    path("healthz/ready", watch.ready, name="ready"),
    path("metrics", watch.metrics, name="metrics"),
    re_path(r"^sample/(?P<name>[a-z0-9-]+\.(?:png|jpg))$", site.sample_image, name="sample-image"),
]
