"""The files of the page, read once at start: no request's path ever becomes a file's."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from pathlib import PurePosixPath

from prefdrop_cli.console.answers import Answer

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
INDEX = "/"
LOCKED = "/locked.html"


def read_pages() -> dict[str, Answer]:
    """The answers by their path; `/` is the page itself."""
    folder = files("prefdrop_cli.console") / "static"
    found = {
        f"/{file.name}": Answer(
            content_type=TYPES[PurePosixPath(file.name).suffix], body=file.read_bytes()
        )
        for file in folder.iterdir()
        if PurePosixPath(file.name).suffix in TYPES
    }
    found[INDEX] = found.pop("/index.html")
    return found


def locked(pages: dict[str, Answer]) -> Answer:
    """The page for a browser that has not been let in."""
    page = pages[LOCKED]
    return Answer(status=HTTPStatus.UNAUTHORIZED, content_type=page.content_type, body=page.body)
