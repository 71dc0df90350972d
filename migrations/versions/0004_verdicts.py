"""verdicts and own answers"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("second_reader", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("prediction_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("judgement", sa.String(length=16), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("signed_by", sa.String(length=254), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["prediction_id"], ["prediction.id"], name=op.f("fk_verdict_prediction_id_prediction")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_verdict_study_id_study")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_verdict_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdict_prediction_id"), ["prediction_id"], unique=False)
        batch_op.create_index("ix_verdict_study_user", ["study_id", "user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_verdict_user_id"), ["user_id"], unique=False)

    op.create_table(
        "own_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("signed_by", sa.String(length=254), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_own_answer_study_id_study")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_own_answer_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_answer")),
        sa.UniqueConstraint("study_id", "user_id", name=op.f("uq_own_answer_study_id_user_id")),
    )
    with op.batch_alter_table("own_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_own_answer_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("own_answer")
    op.drop_table("verdict")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_column("second_reader")
