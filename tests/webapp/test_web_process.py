"""What the web process promises about itself: it never loads a network framework."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from webapp.settings import REPOSITORY

_SCRIPT = """
import sys
from pathlib import Path
from webapp import create_app
from webapp.extensions import db
from webapp.settings import Settings

app = create_app(Settings(data_dir=Path(sys.argv[1])))
app.config["WTF_CSRF_ENABLED"] = False
with app.app_context():
    db.create_all()
client = app.test_client()
client.post("/signup", data={"email": "admin@clinic.example", "password": "correct horse battery"})
for path in ("/", "/studies", "/studies/new", "/account", "/users", "/help", "/readyz", "/api/v1/openapi.json"):
    print(path, client.get(path).status_code, file=sys.stderr)
print(*sorted({"tensorflow", "keras", "openvino", "sklearn", "matplotlib", "ml.reading"} & set(sys.modules)))
"""


def test_the_web_process_never_imports_a_network_framework(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert "/account 200" in done.stderr
    assert done.stdout.split() == []
