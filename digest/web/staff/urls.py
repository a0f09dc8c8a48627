"""Addresses of the newsroom."""

from __future__ import annotations

from django.urls import path, re_path

from digest.web.staff import moves, pages

urlpatterns = [
    path("", pages.desk, name="desk"),
    path("preview/", pages.preview, name="preview"),
    path("preview/mail.html", pages.preview_mail, name="preview-mail"),
    re_path(r"^preview/(?P<view>phone|text|source)/$", pages.preview, name="preview-view"),
    path("drop/", moves.drop, name="drop"),
    path("restore/", moves.restore, name="restore"),
    path("intro/", moves.intro, name="intro"),
    path("test/", moves.test_send, name="test-send"),
    path("gather/", moves.gather, name="gather-now"),
    path("approve/", moves.approve, name="approve"),
    path("withdraw/", moves.withdraw, name="withdraw"),
]
