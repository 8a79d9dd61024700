"""Every setting of the project, each from the environment; a bad value stops the start with a clear message.

README.md lists them for operators. `.env` in the project's folder is read when it is there.
"""

import re
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from chatsite.languages import LANGUAGES as LANGUAGES
from chatsite.languages import compiled
from chatsite.logs import FORMATS, logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")


ESCAPED = ", with %40 for an @ in the password and %2F for a /"


def a_number(name: str, *, default: int, at_least: int, at_most: int) -> int:
    """The whole number in the environment's `name`, within bounds."""
    try:
        number: int = env.int(name, default=default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None
    if not at_least <= number <= at_most:
        raise ImproperlyConfigured(f"{name} must be from {at_least} to {at_most}, not {number}.")
    return number


def a_switch(name: str, *, default: bool) -> bool:
    """The truth value in the environment's `name`; anything but a clear yes or no is refused."""
    word = env.str(name, default="").strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    if word:
        raise ImproperlyConfigured(f"{name} must be true or false, not {word!r}.")
    return default


def some_words(name: str, *, default: list[str]) -> list[str]:
    """The words in the environment's `name`, between commas."""
    return [word.strip() for word in env.list(name, default=default) if word.strip()]


def the_secret_key(var: Path) -> tuple[str, Path | None]:
    """The key that signs cookies, and the file it is from: SECRET_KEY, else what SECRET_KEY_FILE names."""
    key: str = env.str("SECRET_KEY", default="")
    if key:
        refuse_weak_key(key, "SECRET_KEY")
        return key, None
    file = Path(env.str("SECRET_KEY_FILE", default="") or var / "secret_key")
    try:
        key = file.read_text().strip()
    except FileNotFoundError:
        pass  # said below
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"SECRET_KEY_FILE can't be read: {error}") from None
    if not key:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set, and there is no key in "
            f"{file}. `make run` makes one; elsewhere set SECRET_KEY or SECRET_KEY_FILE."
        )
    refuse_weak_key(key, f"SECRET_KEY_FILE {file}")
    return key, file


def the_former_keys() -> list[str]:
    """Keys that are good for what they signed: SECRET_KEY_FALLBACKS, else the lines of the file it names."""
    keys = some_words("SECRET_KEY_FALLBACKS", default=[])
    if not keys:
        keys = a_secret("SECRET_KEY_FALLBACKS").split()
    for key in keys:
        refuse_weak_key(key, "A key of SECRET_KEY_FALLBACKS")  # it opens as much as the present one
    return keys


def a_secret(name: str) -> str:
    """What the environment has in `name`, else what is in the file that its NAME_FILE names; "" without."""
    secret: str = env.str(name, default="")
    file = env.str(f"{name}_FILE", default="")
    if secret or not file:
        return secret
    try:
        return Path(file).read_text().strip()
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{name}_FILE can't be read: {error}") from None


def the_oidc_issuer() -> str:
    """The service by which people log in, without a slash at the end; "" when there is none."""
    issuer: str = env.str("OIDC_ISSUER", default="").strip().rstrip("/")
    is_here = r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s?#]*)?"  # nobody listens in between
    if issuer and not re.fullmatch(rf"https://[^\s/?#]+(/[^\s?#]*)?|{is_here}", issuer):
        raise ImproperlyConfigured(
            f"OIDC_ISSUER must be an address such as https://id.example.org, not {issuer!r}."
        )
    return issuer


def the_oidc_origins(issuer: str) -> list[str]:
    """Where a browser may be led from the log-in, to be logged in at the service."""
    origins = some_words("OIDC_ORIGINS", default=[])
    for origin in origins:
        if not re.fullmatch(r"https?://[^\s/?#;,*]+", origin):
            raise ImproperlyConfigured(
                f"OIDC_ORIGINS must hold origins such as https://id.example.org, not {origin!r}."
            )
    parts = urlsplit(issuer)
    return [f"{parts.scheme}://{parts.netloc}", *origins] if issuer else []


def refuse_weak_key(key: str, name: str) -> None:
    """Who guesses the key is logged in as anybody: no site starts with one that can be guessed."""
    if not DEBUG and (len(key) < 50 or len(set(key)) < 10):
        raise ImproperlyConfigured(
            f"{name} is weak: it must be 50 random characters or more, for example from: openssl rand -hex 32"
        )


def the_hosts() -> list[str]:
    """The names that the site answers to, without any of which it would refuse everybody."""
    hosts = some_words("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
    if not hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name at least one host.")
    for host in hosts:
        if not re.fullmatch(r"\*|[^\s/:*\[\]]+|\[[^\s/\[\]]+\]", host):
            raise ImproperlyConfigured(
                f"ALLOWED_HOSTS must hold names or addresses such as chat.example.org or [::1], not {host!r}."
            )
    return hosts


def the_trusted_origins() -> list[str]:
    """Where forms may come from; compared letter by letter, so that a path or no scheme would never match."""
    origins = some_words("CSRF_TRUSTED_ORIGINS", default=[])
    for origin in origins:
        if not re.fullmatch(r"https?://[^\s/?#]+", origin):
            raise ImproperlyConfigured(
                f"CSRF_TRUSTED_ORIGINS must hold origins such as https://chat.example.org, not {origin!r}."
            )
    return origins


def a_rate(name: str, *, default: str, per: str) -> str:
    """How often something may be done, as django-allauth writes it; `per` has what may be counted by."""
    rates: str = env.str(name, default=default)
    for rate in rates.split(",") if rates.strip() else []:
        if not re.fullmatch(rf"[0-9]+/([0-9]+(\.[0-9]+)?)?[smhd](/({per}))?", rate.strip()):
            raise ImproperlyConfigured(f"{name} must hold rates such as {default}, not {rate.strip()!r}.")
    return rates


def the_database(var: Path) -> dict[str, Any]:
    """Django's settings for the database that DATABASE_URL names; SQLite under `var` when it is empty."""
    url = env.str("DATABASE_URL", default="") or f"sqlite:///{var / 'chat.sqlite3'}"
    if not url.startswith(("mysql://", "sqlite:///")):
        raise ImproperlyConfigured("DATABASE_URL must start with mysql:// or sqlite:///.")
    try:
        database: dict[str, Any] = env.db_url_config(url)
    except (ImproperlyConfigured, ValueError, KeyError, TypeError):
        database = {}
    if not database.get("NAME"):
        # What is wrong with it is not repeated: it may be a part of the password.
        raise ImproperlyConfigured(
            f"DATABASE_URL must look like mysql://user:password@host:3306/name{ESCAPED}."
        )
    engine = database.get("ENGINE", "").rpartition(".")[2]
    options = database.setdefault("OPTIONS", {})
    if engine == "sqlite3":
        options.update(
            # A writer that starts by reading can't upgrade its lock while another writes; this one waits.
            transaction_mode="IMMEDIATE",
            timeout=20,
            init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        )
    else:
        # Somebody waits for a page; manage.py, which migrates large tables, allows itself more.
        timeout_s = a_number("DATABASE_TIMEOUT", default=10, at_least=1, at_most=86400)
        options.update(
            charset="utf8mb4",
            isolation_level="read committed",
            # STRICT: a value too long is an error, never a silently cut one. Who waits for a lock is told so
            # before the connection counts as lost. A process that hangs in the middle of a transaction would
            # keep everybody from its channels. MariaDB, which alone reads the first comment, ends that.
            # MySQL, which alone reads the second, only knows how long a connection may be silent.
            init_command="SET sql_mode='STRICT_TRANS_TABLES', "
            f"innodb_lock_wait_timeout={max(1, timeout_s // 2)}"
            f"/*M!100306 , idle_transaction_timeout={timeout_s}*/"
            f"/*!80000 , wait_timeout={max(60, timeout_s)}*/",
            connect_timeout=3,
            read_timeout=timeout_s,
            write_timeout=timeout_s,
        )
        database["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"}
    # Persistent connections only where threads live on (gthread, workers); under ASGI each request has a
    # thread of its own and they would pile up until the database refuses new ones.
    database["CONN_MAX_AGE"] = a_number("CONN_MAX_AGE", default=0, at_least=0, at_most=3600)
    database["CONN_HEALTH_CHECKS"] = True
    return database


def the_broker() -> str:
    """The broker's address, or those of a cluster's nodes between semicolons; the first that answers is used.

    "" is the embedded default, in which messages are stored in the request.
    """
    url: str = env.str("BROKER_URL", default="")
    for address in url.split(";") if url else []:
        if not address.startswith(("amqp://", "amqps://")):
            raise ImproperlyConfigured("BROKER_URL must start with amqp:// or amqps://, or be empty.")
        try:
            has_host = bool(urlsplit(address).hostname) and urlsplit(address).port != 0
        except ValueError:
            has_host = False
        if not has_host:
            raise ImproperlyConfigured(
                f"BROKER_URL must look like amqp://user:password@host:5672/vhost{ESCAPED}."
            )
    return url


def the_queue_prefix() -> str:
    """The beginning of the names of all queues."""
    prefix: str = env.str("QUEUE_PREFIX", default="chat")
    # RabbitMQ keeps names that begin with `amq.` to itself.
    if not re.fullmatch(r"(?!amq\.)[A-Za-z0-9._-]{1,100}", prefix):
        raise ImproperlyConfigured(
            "QUEUE_PREFIX must be letters, digits, dots and dashes, and not begin with amq."
        )
    return prefix


DEBUG = a_switch("DEBUG", default=False)
HTTPS = a_switch("HTTPS", default=False)
SITE_NAME = env.str("SITE_NAME", default="Chat").strip() or "Chat"

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
SECRET_KEY, SECRET_KEY_FILE = the_secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS = the_former_keys()
ALLOWED_HOSTS = the_hosts()
CSRF_TRUSTED_ORIGINS = the_trusted_origins()
TRUSTED_PROXY_COUNT = a_number("TRUSTED_PROXY_COUNT", default=0, at_least=0, at_most=9)

ROOT_URLCONF = "chatsite.urls"
WSGI_APPLICATION = "chatsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": the_database(VAR_DIR)}

INSTALLED_APPS = [
    "accounts",
    "channels_app",
    "messaging",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "heroicons",
    "rules",
]

MIDDLEWARE = [
    "chatsite.middleware.Guarded",
    "chatsite.middleware.Alive",
    "chatsite.readiness.Ready",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # before the policy: it is about pages, and long
    "chatsite.middleware.PagePolicy",
    "django.middleware.gzip.GZipMiddleware",  # hides secrets from BREACH by padding of random length
    "chatsite.middleware.Private",
    "chatsite.middleware.Preloads",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chatsite.middleware.Origin",
    "chatsite.middleware.LoginRequired",
    "chatsite.middleware.SamePerson",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "chatsite.middleware.ReaderTimeZone",
    "accounts.middleware.ReaderChoices",
    "accounts.middleware.LastSeen",
    "chatsite.middleware.Refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "chatsite.context_processors.site",
                "chatsite.context_processors.toasts",
                "accounts.context_processors.reader",
                "accounts.context_processors.site",
                "messaging.context_processors.sidebar",
                "messaging.context_processors.words",
            ],
            "libraries": {"assets": "chatsite.templatetags.assets", "numbers": "chatsite.numbers"},
        },
    }
]

# Accounts

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["accounts.hashers.LeanArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignUpForm",
    "login": "accounts.forms.LogInForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reauthenticate": "accounts.two_factor_forms.ConfirmByPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = False  # without verified addresses there is nothing to hide behind
ACCOUNT_RATE_LIMITS = False  # ours count for it (LIMITS)
# Django's own: allauth's would fill its table of addresses, which is unused here.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # seconds
MFA_ADAPTER = "accounts.adapter.TwoFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.two_factor_forms.CodeForm",
    "reauthenticate": "accounts.two_factor_forms.ConfirmByCodeForm",
    "activate_totp": "accounts.two_factor_forms.SetUpAppForm",
    "add_webauthn": "accounts.two_factor_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.two_factor_forms.RenamePasskeyForm",
    "authenticate_webauthn": "accounts.two_factor_forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.two_factor_forms.ConfirmByPasskeyForm",
    "login_webauthn": "accounts.two_factor_forms.LogInByPasskeyForm",
}
MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # of the table of addresses that is unused here
MFA_RECOVERY_CODES_SHOW_ONCE = True
# It also stands for the password, here at the log-in and before changes: having the device is not enough.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # a code before and after: typing takes time, and a phone's clock may be off
# Log-in by another service, over OpenID Connect (accounts/oidc.py); there is none while it has no address.
OIDC_ISSUER = the_oidc_issuer()
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="").strip()
OIDC_CLIENT_SECRET = a_secret("OIDC_CLIENT_SECRET")
OIDC_NAME = env.str("OIDC_NAME", default="").strip() or urlsplit(OIDC_ISSUER).hostname or ""
OIDC_ORIGINS = the_oidc_origins(OIDC_ISSUER)
if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")
SOCIALACCOUNT_ADAPTER = "accounts.adapter.ServiceAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds; somebody waits for the page
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no mail from here
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT

# Limits (chatsite/limits.py)

LIMITS = {
    "log_in": a_rate("LOG_IN_RATE", default="30/m/ip,5/5m/key", per="ip|key"),
    "sign_up": a_rate("SIGN_UP_RATE", default="60/m/ip", per="ip"),
    # A mail for each: to an address, which may be somebody else's, and at somebody's wish.
    "reset": a_rate("PASSWORD_RESET_RATE", default="20/m/ip,5/h/key", per="ip|key"),
    "address_mail": a_rate("ADDRESS_MAIL_RATE", default="10/h/user,3/h/key", per="user|key"),
    "password": a_rate("PASSWORD_RATE", default="5/m/user", per="user"),
    "post": a_rate("POST_RATE", default="100/20s/user,1200/10m/user,6000/m/ip", per="user|ip"),
    "change": a_rate("CHANGE_RATE", default="600/m/user,12000/m/ip", per="user|ip"),
    "arrange": a_rate("ARRANGE_RATE", default="200/10m/user,5000/10m/ip", per="user|ip"),
    "channel": a_rate("CHANNEL_RATE", default="30/10m/user,200/d/user,1000/h/ip", per="user|ip"),
    "invitation": a_rate("INVITATION_RATE", default="100/h/user,500/d/user,2000/h/ip", per="user|ip"),
    "report": a_rate("REPORT_RATE", default="20/h/user,100/d/user,500/h/ip", per="user|ip"),
    "block": a_rate("BLOCK_RATE", default="60/h/user,1000/h/ip", per="user|ip"),
    # The site reads all that it has of somebody, and writes it down.
    "export": a_rate("EXPORT_RATE", default="3/h/user,10/d/user,100/h/ip", per="user|ip"),
}
# Each process that takes posts counts them alone, and has its share of what may be posted.
WEB_PROCESSES = a_number("WEB_PROCESSES", default=1, at_least=1, at_most=1000)
WEB_MACHINES = a_number("WEB_MACHINES", default=1, at_least=1, at_most=1000)
CACHES = {
    # Only limits are kept in it; `manage.py createcachetable` makes the table.
    "default": {
        "BACKEND": "chatsite.counters.CountersInDatabase",
        "LOCATION": "counters",
        # Another one whenever a release writes its counts otherwise: those of the one before are left alone.
        "VERSION": 2,
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# Messages on their way into the database (messaging/pipeline)

BROKER_URL = the_broker()
QUEUE_PREFIX = the_queue_prefix()
PERSIST_QUEUES = a_number("PERSIST_QUEUES", default=4, at_least=1, at_most=64)
# What a worker stores at once: so many messages or bytes, or what came since the last batch, so long ago.
PERSIST_BATCH = a_number("PERSIST_BATCH", default=200, at_least=1, at_most=2000)
PERSIST_BATCH_BYTES = a_number("PERSIST_BATCH_BYTES", default=1 << 20, at_least=1, at_most=1 << 26)
PERSIST_WAIT_MS = a_number("PERSIST_WAIT_MS", default=20, at_least=0, at_most=10_000)
# Past the broker, as while the number of queues is changed: nothing may be in an old queue and a new one.
PERSIST_DIRECT = a_switch("PERSIST_DIRECT", default=False)

# Streams to browsers (chatsite/live)

# In one process; each takes a file.
LIVE_STREAMS = a_number("LIVE_STREAMS", default=12_000, at_least=1, at_most=1_000_000)
LIVE_STREAMS_PER_USER = a_number("LIVE_STREAMS_PER_USER", default=20, at_least=1, at_most=10_000)

# Celery

CELERY_BROKER_URL = BROKER_URL or "memory://"
# A broker that stops to answer in the middle of a question ends the connection, and the next one is tried.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"confirm_publish": True, "read_timeout": 10, "write_timeout": 10}
    if BROKER_URL
    else {"polling_interval": 0.02}
)
CELERY_BROKER_CONNECTION_TIMEOUT = 2  # seconds
CELERY_BROKER_HEARTBEAT = 10  # seconds
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_WORKER_CONSUMER = "messaging.pipeline.consumer:Consumer"
CELERY_WORKER_POOL = "solo"  # messages have threads of their own; more cores are served by more workers
CELERY_WORKER_CONCURRENCY = 1
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Workers on one host share a name, and RabbitMQ 4 has no queues of the kind that remote control uses.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = f"{QUEUE_PREFIX}.tasks"
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
CELERY_TASK_PUBLISH_RETRY = False

# Language, time, mail, logs

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (ValueError, OSError, KeyError):
    raise ImproperlyConfigured(f"TIME_ZONE must name a zone like Europe/Berlin, not {TIME_ZONE!r}.") from None
try:
    LOCALE_PATHS = [compiled(BASE_DIR / "locale", into=VAR_DIR / "locale")]
except OSError as error:
    raise ImproperlyConfigured(f"VAR_DIR can't be written: {error}") from None

try:
    vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
except (ImproperlyConfigured, ValueError, KeyError, TypeError) as error:
    raise ImproperlyConfigured(f"EMAIL_URL can't be read: {error}") from None
EMAIL_TIMEOUT = 10  # seconds; other background tasks wait meanwhile
SENDS_MAIL = not str(vars().get("EMAIL_BACKEND")).endswith(("console.EmailBackend", "dummy.EmailBackend"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="chat@localhost")

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
LOG_FORMAT = env.str("LOG_FORMAT", default="line").lower()
if LOG_FORMAT not in FORMATS:
    raise ImproperlyConfigured("LOG_FORMAT must be line or json.")
LOGGING = logging_settings(LOG_FORMAT, level=LOG_LEVEL)

# Static files

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# What browsers and crawlers ask for at the root by themselves, also while a page of somebody else's is shown.
WHITENOISE_ROOT = BASE_DIR / "static" / "root"
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else's page needs ours
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "chatsite.assets.JoinedStorage"
    },
}

# Doors

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF, *OIDC_ORIGINS],  # browsers ask it of what a form leads on to, too
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Where a body may have more bytes than DATA_UPLOAD_MAX_MEMORY_SIZE, as deploy/nginx/locations.conf says too:
# more than a picture may have (accounts.pictures.MOST_BYTES), so that one too large is told beside its field.
LARGE_BODIES = {"/accounts/preferences/picture/": 8 << 20}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "chatsite.views.csrf_failure"
SESSION_COOKIE_NAME = "chat_session"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = a_number("HSTS_SECONDS", default=3600 if HTTPS else 0, at_least=0, at_most=63072000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = a_switch("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = a_switch("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = [
    # The two above bind every other site of the domain: for its owner to decide, not for a check to demand.
    "security.W005",
    "security.W021",
    # django-allauth keeps to this rule in its code where MariaDB has no conditional constraints.
    "models.W036",
]
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
