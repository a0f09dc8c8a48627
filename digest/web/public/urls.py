"""Addresses of the public pages. Those with a token stand in mails that were sent, so they are final."""

from __future__ import annotations

from django.urls import path, re_path

from digest.web.public import choose, join, members, pages, river, search, site, sitemap

NUMBER = r"(?P<number>[1-9][0-9]{0,8})"
CALENDAR = r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,79})\.ics"  # digest.render.calendar.is_name
FORM = r"(?P<form>atom|json|rss)"

urlpatterns = [
    path("", pages.home, name="home"),
    path("issues/", pages.issues, name="issues"),
    path("issues/feed.atom", pages.issues_feed, name="issues-feed"),
    path("issues/latest/", pages.latest, name="latest"),
    path("issues/search/", search.search, name="search"),
    re_path(rf"^issues/{NUMBER}/$", pages.issue, name="issue"),
    re_path(rf"^issues/{NUMBER}\.txt$", pages.issue_text, name="issue-text"),
    re_path(rf"^issues/{NUMBER}/{CALENDAR}$", pages.issue_calendar, name="issue-calendar"),
    path("river/", river.river, name="river"),
    re_path(rf"^river/feed\.{FORM}$", river.feed, name="river-feed"),
    path("river/events.ics", river.events, name="river-events"),
    path("river/sources/", river.sources, name="river-sources"),
    path("river/sources.opml", river.sources_opml, name="river-opml"),
    path("river/source/<slug:source>/", river.river, name="river-source"),
    re_path(rf"^river/source/(?P<source>[a-z0-9-]+)/feed\.{FORM}$", river.feed, name="river-source-feed"),
    path("river/<slug:section>/", river.river, name="river-section"),  # where a mail's "3 more on the web" leads
    re_path(rf"^river/(?P<section>[a-z0-9-]+)/feed\.{FORM}$", river.feed, name="river-section-feed"),
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
    path("healthz", site.healthz, name="healthz"),
    re_path(r"^sample/(?P<name>[a-z0-9-]+\.(?:png|jpg))$", site.sample_image, name="sample-image"),
]
