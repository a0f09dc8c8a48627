"""Addresses that providers call. They stand in the providers' settings, so they are final."""

from __future__ import annotations

from django.urls import path

from digest.web.hooks import views

urlpatterns = [path("sendgrid/", views.sendgrid, name="hook-sendgrid")]
