"""What Alembic runs: the steps, on the connection and in the transaction that `server.store.migrate` gives it."""

from alembic import context

from server.store.migrate import VERSION_TABLE
from server.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite alters a table by writing it anew
)
context.run_migrations()
