"""stacks"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added one by one: these need no copy of the tables.
    op.add_column("image", sa.Column("series", sa.Integer(), server_default="0", nullable=False))
    op.add_column("image", sa.Column("place_mm", sa.Double(), nullable=True))
    op.add_column("reading", sa.Column("current_slice", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("reading", "current_slice")
    op.drop_column("image", "place_mm")
    op.drop_column("image", "series")
