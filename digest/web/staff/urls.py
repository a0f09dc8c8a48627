"""Addresses of the newsroom."""

from __future__ import annotations

from django.urls import path, re_path

from digest.web.staff import (
    approving,
    audit,
    deliveries,
    editor,
    editor_add,
    editor_moves,
    editor_parts,
    editor_week,
    moves,
    pages,
    preview,
    sources,
    trials,
)

NUMBER = r"(?P<number>[1-9][0-9]{0,8})"

urlpatterns = [
    path("", pages.desk, name="desk"),
    path("issue/", editor.editor, name="issue-editor"),
    path("issue/now/", editor.whats_new, name="issue-now"),
    path("issue/history/", editor.whole_history, name="issue-history"),
    path("issue/change/", editor_moves.change, name="issue-change"),
    path("issue/item/<int:entry>/", editor_parts.item, name="issue-item"),
    path("issue/text/<slug:part>/", editor_parts.text, name="issue-text"),
    path("issue/words/", editor_parts.words, name="issue-words"),
    path("issue/inbox/", editor_parts.inbox_lines, name="issue-inbox"),
    path("issue/add/", editor_add.add, name="issue-add"),
    path("issue/add/look/", editor_add.look, name="issue-look"),
    path("issue/add/create/", editor_add.create, name="issue-create"),
    path("issue/week/", editor_week.week, name="week"),
    path("preview/", preview.preview, name="preview"),
    path("preview/mail.html", preview.preview_mail, name="preview-mail"),
    path("preview/page.html", preview.preview_page, name="preview-page"),
    path("preview/as-member/", preview.as_member, name="preview-as-member"),
    re_path(r"^preview/(?P<view>phone|text|page|source)/$", preview.preview, name="preview-view"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<slug:key>/", sources.source, name="source"),
    path("sources/<slug:key>/gather/", sources.read_now, name="source-gather"),
    path("sources/<slug:key>/release/", sources.let_in, name="source-release"),
    path("test/", trials.test_send, name="test-send"),
    path("gather/", moves.gather, name="gather-now"),
    path("check-links/", moves.check_links, name="check-links"),
    path("approve/", approving.approve, name="approve"),
    path("withdraw/", approving.withdraw, name="withdraw"),
    path("reviewed/", approving.reviewed, name="reviewed"),
    path("hold/", approving.hold, name="hold"),
    path("unhold/", approving.unhold, name="unhold"),
    path("skip/", approving.skip, name="skip"),
    path("release/", approving.release, name="release"),
    path("stop/", moves.stop, name="stop"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export.csv", audit.export, name="audit-export"),
    path("pause/", moves.pause, name="pause"),
    path("resume/", moves.resume, name="resume"),
    re_path(rf"^deliveries/{NUMBER}/$", deliveries.deliveries, name="deliveries"),
    re_path(rf"^deliveries/{NUMBER}/settle/$", deliveries.settle, name="deliveries-settle"),
]
