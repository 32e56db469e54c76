"""The wire types of sign-in: who the caller is, and the API keys of machines."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from server.schemas import Wire

Role = Literal["advisor", "writer", "quality", "administrator"]
"""What a person does here; somebody may have several roles."""

Permission = Literal["ask", "draft", "quality", "administer"]
"""What a request needs: of a person by their roles, of a machine by the scopes of its key."""

GroupName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Me(BaseModel):
    """Who is calling, and what they may do.

    Args:
        user: how the audit names them.
        name: how the page greets them, or ''.
        sign_in: whether people sign in here; off, everybody at this machine is one user with every permission.
        roles: none for a machine.
    """

    user: str
    name: str
    sign_in: bool
    roles: list[Role]
    permissions: list[Permission]
    groups: list[str]


class ApiKeyRequest(Wire):
    """A key to make.

    Args:
        name: what it is for, as the list of keys shows it.
        scopes: what it may do.
        groups: whose documents it may read, beside everyone's.
        expires_at: when it stops working, with its zone; None: when it is revoked.
    """

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    scopes: list[Permission] = Field(min_length=1, max_length=4)
    groups: list[GroupName] = Field(default_factory=list, max_length=50)
    expires_at: AwareDatetime | None = None


class ApiKeyView(BaseModel):
    """A key as the list shows it: never the key itself.

    Args:
        prefix: its first characters, to tell it from others.
        last_used_at: to the minute, None when it was never used.
    """

    id: str
    name: str
    prefix: str
    scopes: list[Permission]
    groups: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyView):
    """A key that was just made.

    Args:
        key: the key, shown this once; the server keeps its hash alone.
    """

    key: str


class Ticket(BaseModel):
    """What opens a document or a report from an address, where a browser sends no token.

    Args:
        ticket: to be written as the parameter `ticket` of a GET.
        expires_at: a few minutes from now.
    """

    ticket: str
    expires_at: datetime
