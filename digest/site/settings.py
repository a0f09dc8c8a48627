"""Django's settings, all of them derived from config.toml and the key file.

Secure by default: HTTPS-only cookies as soon as `web.base_url` is https, no open sign-up, a strict
Content-Security-Policy on every page (mail bodies carry their own, see digest/web/mailbody.py).
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from digest.config import find_config, load_config
from digest.config.keys import load_keys
from digest.errors import ConfigError
from digest.site.boot import built_in_templates

DIGEST = load_config(find_config())
DIGEST_KEYS = load_keys(DIGEST.keys_file)

PACKAGE = Path(__file__).resolve().parent.parent
BUILT_IN_TEMPLATES = built_in_templates()

_base = urlsplit(DIGEST.web.base_url)
_https = _base.scheme == "https"

SECRET_KEY = DIGEST_KEYS.django_secret
DEBUG = False
ALLOWED_HOSTS = sorted({_base.hostname or "localhost", "localhost", "127.0.0.1", *DIGEST.web.allowed_hosts})
ROOT_URLCONF = "digest.site.urls"
WSGI_APPLICATION = "digest.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = DIGEST.association.zone
LANGUAGE_CODE = DIGEST.association.language.lower()
USE_I18N = True
SITE_ID = None

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "digest.installation",
    "digest.gather",
    "digest.compose",
    "digest.members",
    "digest.deliver",
    "digest.archive",
    "digest.web",
]

MIDDLEWARE = [
    "digest.web.proxies.believe_trusted_proxies",
    "django.middleware.security.SecurityMiddleware",
    "digest.site.statics.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "digest.site.shortcut.PublicPagesFirst",  # what stands below knows the visitor, and runs for staff alone
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "digest.web.staff.door.kept_out_of_caches",
    "digest.web.staff.door.second_factor_first",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja2",
        "DIRS": [DIGEST.templates_dir / "web", BUILT_IN_TEMPLATES / "web"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "digest.web.jinja.environment",
            "context_processors": ["django.contrib.messages.context_processors.messages"],
        },
    },
    {  # the admin and allauth only; the templates of allauth that we restyle stand in templates/web/django
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [DIGEST.templates_dir / "web" / "django", BUILT_IN_TEMPLATES / "web" / "django"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "digest.web.jinja.association",
            ]
        },
    },
]


def _database() -> dict[str, object]:
    where = DIGEST.storage.database
    if "://" in where:
        return dict(dj_database_url.parse(where, conn_max_age=60))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(DIGEST.under_root(Path(where))),
        "CONN_MAX_AGE": 60,  # seconds; to open the file anew for every page costs as much as the page
        "OPTIONS": {
            "timeout": 30,
            # BEGIN IMMEDIATE: a transaction that starts by reading can otherwise fail when it comes to write.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


DATABASES = {"default": _database()}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # the lock-out: asked before any password is looked at
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/newsroom/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "digest.web.staff.accounts.ClosedAccounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by `digest staff add`, never by their owners
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = DIGEST.web.sign_in.confirm_minutes * 60  # seconds
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "digest.web.staff.accounts.SecondFactor"
MFA_TOTP_ISSUER = DIGEST.association.name
MFA_TOTP_TOLERANCE = 1  # a code of the half-minute before or after will do: clocks differ (RFC 6238, 5.2)

# Wrong passwords for one account from one network address lock that pair out: nobody else, and for a while.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = DIGEST.web.sign_in.lock_after
AXES_COOLOFF_TIME = dt.timedelta(minutes=DIGEST.web.sign_in.lock_minutes)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what the page says of the time left stays true
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "digest.web.staff.lockout.address_of"
AXES_USERNAME_CALLABLE = "digest.web.staff.lockout.account_of"
AXES_LOCKOUT_CALLABLE = "digest.web.staff.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "login", "ip_address"]
AXES_DISABLE_ACCESS_LOG = True  # sign-ins are kept in the audit trail
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Single sign-on lets in whom staff know, and makes no account.
SOCIALACCOUNT_ADAPTER = "digest.web.staff.accounts.KnownStaff"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10  # seconds
SOCIALACCOUNT_STORE_TOKENS = False


def _single_sign_on() -> dict[str, object]:
    oidc = DIGEST.web.oidc
    if oidc is None:
        return {}
    if not DIGEST_KEYS.oidc_client_id or not DIGEST_KEYS.oidc_client_secret:
        raise ConfigError(
            "[web.oidc] is set, but the client's id or secret is not.",
            hint="Put OIDC_CLIENT_ID and OIDC_CLIENT_SECRET into the environment, or oidc_client_id and "
            "oidc_client_secret into the key file, above the first [[link]] table.",
        )
    app = {
        "provider_id": "sso",
        "name": oidc.name,
        "client_id": DIGEST_KEYS.oidc_client_id,
        "secret": DIGEST_KEYS.oidc_client_secret,
        "settings": {"server_url": oidc.issuer},
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}  # RFC 7636


SOCIALACCOUNT_PROVIDERS = _single_sign_on()

SESSION_COOKIE_AGE = DIGEST.web.sign_in.session_hours * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
X_FRAME_OPTIONS = "SAMEORIGIN"  # the newsroom frames its own previews

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF, *(DIGEST.web.oidc.origins if DIGEST.web.oidc else ())],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
    }
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
# WhiteNoise serves straight from the packages: no collectstatic step stands between an upgrade and its styles.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "digest.site.statics.HashedFiles"},
}
WHITENOISE_AUTOREFRESH = False

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # ours go through deliver/providers
LOGGING = DIGEST.log.as_dict_config(level=os.environ.get("DIGEST_LOG_LEVEL", "").upper())
