"""Settings of the page, read from `FANAL_*` environment variables."""

from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class UiSettings(BaseSettings):
    """Where the server is, as the page and as the advisor's browser see it."""

    model_config = SettingsConfigDict(env_prefix="FANAL_")

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

    @property
    def links_base(self) -> str:
        """The server's address for the browser, without a final slash."""
        return str(self.public_api_url or self.api_url).rstrip("/")
