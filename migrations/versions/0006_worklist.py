"""worklist: what it sorts by on the study, labels, shares"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SHOWN = sa.text("deleted_at IS NULL")
OPEN = sa.text("ended_at IS NULL")
SORTED = [
    "created_at", "id", "task", "patient_code", "last_state", "last_label", "last_stage", "last_risk", "last_agreement",
    "owner_verdict", "owner_spoke", "deleted_at",
]
TEXTS = {"last_state": 16, "last_label": 64, "last_stage": 64, "last_risk": 8, "owner_verdict": 16}


def upgrade() -> None:
    with op.batch_alter_table("study", schema=None) as batch_op:
        for name, length in TEXTS.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("last_agreement", sa.Double(), nullable=False, server_default="-1"))
        batch_op.add_column(sa.Column("owner_spoke", sa.Boolean(), nullable=False, server_default=sa.false()))
    _copy_what_was_read()
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.drop_index("ix_study_newest", sqlite_where=SHOWN, postgresql_where=SHOWN)
        batch_op.drop_index("ix_study_newest_of_user", sqlite_where=SHOWN, postgresql_where=SHOWN)
        batch_op.drop_index(batch_op.f("ix_study_task"))
        batch_op.create_index(
            "ix_study_worklist_of_user", ["user_id", *SORTED], unique=False, sqlite_where=SHOWN, postgresql_where=SHOWN
        )
        batch_op.create_index(
            "ix_study_worklist", [*SORTED, "user_id"], unique=False, sqlite_where=SHOWN, postgresql_where=SHOWN
        )

    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("folded", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_label_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("user_id", "folded", name=op.f("uq_label_user_id_folded")),
    )
    op.create_table(
        "labelled",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_labelled_label_id_label")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_labelled_study_id_study")),
        sa.PrimaryKeyConstraint("label_id", "study_id", name=op.f("pk_labelled")),
    )
    with op.batch_alter_table("labelled", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_labelled_study_id"), ["study_id"], unique=False)
    op.create_table(
        "share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("shared_by", sa.Integer(), nullable=False),
        sa.Column("shared_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["shared_by"], ["user.id"], name=op.f("fk_share_shared_by_user")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_share_study_id_study")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_share_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
    )
    with op.batch_alter_table("share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_study_id"), ["study_id"], unique=False)
        batch_op.create_index(
            "ix_share_one_open", ["user_id", "study_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        )


def _copy_what_was_read() -> None:
    last = "FROM reading WHERE reading.study_id = study.id AND reading.latest"
    op.execute(
        f"UPDATE study SET last_state = COALESCE((SELECT state {last}), ''),"
        f" last_label = COALESCE((SELECT summary_label {last}), ''),"
        f" last_stage = COALESCE((SELECT summary_stage {last}), ''),"
        f" last_risk = COALESCE((SELECT summary_risk {last}), ''),"
        f" last_agreement = COALESCE((SELECT summary_agreement {last}), -1)"
    )
    mine = "FROM verdict WHERE verdict.study_id = study.id AND verdict.user_id = study.user_id"
    op.execute(
        f"UPDATE study SET owner_verdict = COALESCE((SELECT judgement {mine} ORDER BY verdict.id DESC LIMIT 1), '')"
    )
    answered = "FROM own_answer WHERE own_answer.study_id = study.id AND own_answer.user_id = study.user_id"
    op.execute(f"UPDATE study SET owner_spoke = (EXISTS (SELECT 1 {mine}) OR EXISTS (SELECT 1 {answered}))")


def downgrade() -> None:
    op.drop_table("share")
    op.drop_table("labelled")
    op.drop_table("label")
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.drop_index("ix_study_worklist", sqlite_where=SHOWN, postgresql_where=SHOWN)
        batch_op.drop_index("ix_study_worklist_of_user", sqlite_where=SHOWN, postgresql_where=SHOWN)
        for name in (*TEXTS, "last_agreement", "owner_spoke"):
            batch_op.drop_column(name)
        batch_op.create_index(batch_op.f("ix_study_task"), ["task"], unique=False)
        batch_op.create_index(
            "ix_study_newest", ["created_at", "id"], unique=False, sqlite_where=SHOWN, postgresql_where=SHOWN
        )
        batch_op.create_index(
            "ix_study_newest_of_user",
            ["user_id", "created_at", "id"],
            unique=False,
            sqlite_where=SHOWN,
            postgresql_where=SHOWN,
        )
