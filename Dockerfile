# Sidelight: web server and worker from one image. Research use only, not a medical device.
FROM python:3.12-slim AS build
COPY requirements.txt /requirements.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.txt

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin sidelight
COPY --from=build /venv /venv
WORKDIR /app
COPY gunicorn.conf.py ./
COPY migrations ./migrations
COPY static ./static
COPY templates ./templates
COPY models ./models
COPY ml ./ml
COPY webapp ./webapp
USER sidelight
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]
CMD ["gunicorn", "webapp:create_app()"]
