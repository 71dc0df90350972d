"""How gunicorn serves Sidelight: read by itself wherever gunicorn is started in this folder.

One process with threads: its pages are small, the reading is the worker's. The application is loaded in the
child and not before it (no preloading), so that a reload gets new code and no connection is shared.
"""

import os

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
workers = 1
worker_class = "gthread"
threads = 16
# An upload over a slow line is alive as long as bytes come; open progress pages do not hold a stop up.
timeout = 120
graceful_timeout = 5
loglevel = "warning"


def post_worker_init(worker):
    """Say where the pages are, once they can be opened."""
    from webapp.start import announcement

    print(announcement(worker.wsgi), flush=True)  # noqa: T201
