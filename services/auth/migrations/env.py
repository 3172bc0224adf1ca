"""The script that Alembic runs: it migrates our own tables only, on the given connection."""

from alembic import context

from shared.db import OWN
from shared.service_tables import Activity

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Activity.metadata,
    version_table_schema=OWN,
    include_schemas=True,
    include_name=lambda name, kind, _: kind != "schema" or name == OWN,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
