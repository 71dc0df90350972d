"""What a clinician does, step by step, through the pages."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

EMAIL, PASSWORD = "reader@clinic.example", "correct horse battery"
READ_MS = 240_000  # a cold start of all models on two slow cores


def log_in(page: Page) -> None:
    """Log in through the form that is open."""
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def upload(page: Page, image: Path, code: str = "") -> None:
    """Upload an image through the page; all models are chosen already."""
    page.goto("/studies/new")
    page.locator("input[type=file]").set_input_files(image)
    page.get_by_label("Patient code").fill(code)
    page.get_by_role("button", name="Upload and read").click()
    page.wait_for_url("**/studies/*-*")


def await_end(page: Page) -> None:
    """Wait, without touching the page, until it shows what came of the reading."""
    expect(page.locator(".headline__sentence, [role=alert]").first).to_be_visible(timeout=READ_MS)
