"""What every answer carries against misuse in the browser, and the warning about plain HTTP."""

from __future__ import annotations

from flask import Flask, Response, request

from webapp.settings import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob:",  # the preview of a file that is chosen but not yet sent
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def init_app(app: Flask, settings: Settings) -> None:
    """Set the headers on every answer of `app`."""

    @app.after_request
    def _protect(answer: Response) -> Response:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if settings.is_secure:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "private, no-store"
        return answer

    app.jinja_env.globals["on_plain_http"] = lambda: on_plain_http(settings)


def on_plain_http(settings: Settings) -> bool:
    """Whether what is sent can be read on the way: no https, and not this very machine."""
    return not (settings.is_secure or request.is_secure or is_loopback(request.host))


def is_loopback(host: str) -> bool:
    """Whether a Host header names this very machine."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name in ("localhost", "[::1]") or name.startswith("127.")
