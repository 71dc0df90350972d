"""read anyway"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.add_column(sa.Column("anyway_reason", sa.String(length=1000), nullable=True))
        batch_op.add_column(sa.Column("anyway_by", sa.String(length=254), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_column("anyway_by")
        batch_op.drop_column("anyway_reason")
