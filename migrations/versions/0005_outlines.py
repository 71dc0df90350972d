"""outlines drawn by readers, and when the models' answers were shown to whom"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outline_kind", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("outline_file", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("outline_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("outline_px", sa.Integer(), nullable=True))

    op.create_table(
        "reveal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_reveal_study_id_study")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_reveal_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveal")),
        sa.UniqueConstraint("study_id", "user_id", name=op.f("uq_reveal_study_id_user_id")),
    )
    with op.batch_alter_table("reveal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reveal_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("reveal")
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_column("outline_px")
        batch_op.drop_column("outline_sha256")
        batch_op.drop_column("outline_file")
        batch_op.drop_column("outline_kind")
