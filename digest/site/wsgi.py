"""The WSGI application, for waitress (`digest serve`) or any other server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from digest.site.confirm import Confirming

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest.site.settings")
application = Confirming(get_wsgi_application())
