"""Settings of the page: environment variables `FANAL_…`, or files of FANAL_SECRETS_DIR for secrets."""

import ipaddress
import os
from typing import Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DISTINCT = 8
"""Fewest different characters of a secret that somebody drew at random."""
PLACEHOLDERS = ("change", "secret", "placeholder", "exemple", "example", "remplace", "xxxx")

METADATA = "/.well-known/openid-configuration"
CALLBACK = "/oauth2callback"
"""Where Streamlit takes the provider's answer."""


class UiSettings(BaseSettings):
    """Where the server is, as the page and as the advisor's browser see it; and who signs people in."""

    model_config = SettingsConfigDict(
        env_prefix="FANAL_", env_file=".env", extra="ignore", secrets_dir=os.environ.get("FANAL_SECRETS_DIR")
    )

    api_url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8000"),
        description="Address of the Fanal server, as the page's own process reaches it.",
    )
    public_api_url: HttpUrl | None = Field(
        default=None,
        description="Address of the server in links that the advisor's browser opens; `api_url` when unset.",
    )
    api_timeout_s: float = Field(
        default=180.0,
        gt=0,
        description="Longest silence accepted from the server, in seconds: a model thinks before it writes.",
    )
    sign_in: Literal["off", "oidc"] = Field(
        default="off", description="`off`: the page is for this machine alone; `oidc`: people sign in."
    )
    oidc_issuer: str | None = Field(
        default=None, description="Address of the OpenID Connect provider, as its tokens write it (`iss`)."
    )
    oidc_audience: str | None = Field(default=None, description="Client id of the page at that provider.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Client secret of the page at that provider."
    )
    oidc_scopes: str = Field(
        default="openid email profile",
        description="Scopes asked for, by spaces; roles and groups may need one of the provider's own.",
    )
    public_url: HttpUrl | None = Field(
        default=None,
        description="Address of the page for the advisor's browser; the provider sends people back there.",
    )
    cookie_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret (32 characters or more) that signs the cookie of those who signed in.",
    )

    @property
    def links_base(self) -> str:
        """The server's address for the browser, without a final slash."""
        return str(self.public_api_url or self.api_url).rstrip("/")

    @field_validator("cookie_secret")
    @classmethod
    def _drawn(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse what an example writes in the place of a secret."""
        written = secret.get_secret_value().lower() if secret else ""
        if secret and (len(set(written)) < DISTINCT or any(word in written for word in PLACEHOLDERS)):
            raise ValueError("tirez un secret au hasard, par exemple avec « openssl rand -hex 32 »")
        return secret

    @field_validator("oidc_issuer", "oidc_client_secret")
    @classmethod
    def _replaced(cls, given: str | SecretStr | None) -> str | SecretStr | None:
        """Refuse what `infra/.env.example` and `infra/make_secrets.py` write in the place of the provider's own."""
        text = given.get_secret_value() if isinstance(given, SecretStr) else given
        if text and "changez-moi" in text:
            raise ValueError(
                "« changez-moi » est à remplacer par ce que votre fournisseur d’identité a donné"
            )
        return given

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        needed = (
            self.oidc_issuer,
            self.oidc_audience,
            self.oidc_client_secret,
            self.public_url,
            self.cookie_secret,
        )
        if self.sign_in == "oidc" and not all(needed):
            raise ValueError(
                "FANAL_SIGN_IN=oidc demande aussi FANAL_OIDC_ISSUER, FANAL_OIDC_AUDIENCE, FANAL_OIDC_CLIENT_SECRET, "
                "FANAL_PUBLIC_URL et FANAL_COOKIE_SECRET"
            )
        return self

    def streamlit_secrets(self) -> dict[str, Any]:
        """Give what Streamlit reads to sign people in (`[auth]` of its secrets), or nothing with sign-in off."""
        if not (
            self.sign_in == "oidc" and self.oidc_issuer and self.oidc_client_secret and self.cookie_secret
        ):
            return {}
        return {
            "auth": {
                "redirect_uri": f"{str(self.public_url).rstrip('/')}{CALLBACK}",
                "cookie_secret": self.cookie_secret.get_secret_value(),
                "client_id": self.oidc_audience,
                "client_secret": self.oidc_client_secret.get_secret_value(),
                "server_metadata_url": f"{self.oidc_issuer.rstrip('/')}{METADATA}",
                "client_kwargs": {"scope": self.oidc_scopes},
                "expose_tokens": ["id"],
            }
        }


OPEN_PAGE = (
    "Sans connexion des utilisateurs, la page n’est ouverte que depuis cette machine : STREAMLIT_SERVER_ADDRESS doit "
    "être 127.0.0.1 ; ou bien FANAL_SIGN_IN=oidc fait se connecter les utilisateurs."
)


def is_open_page(settings: UiSettings, address: str | None) -> bool:
    """Tell whether others could reach the page without signing in: it is not shown then.

    Args:
        address: that the page listens on; None for all.
    """
    return settings.sign_in == "off" and not _is_this_machine(address or "")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def faults(error: ValidationError) -> str:
    """Give what is wrong with the settings, a line each, without the values: they may be secrets."""
    lines = []
    for fault in error.errors(include_input=False):
        named = "".join(f"FANAL_{str(part).upper()} : " for part in fault["loc"])
        lines.append(f"  - {named}{fault['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
