"""Opening the page in the browser of a desktop, where there is one."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable, Mapping


def on_a_desktop(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser window could be seen by who typed the command."""
    if "SSH_CONNECTION" in environment:
        return False
    if platform in ("darwin", "win32"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_browser(address: Callable[[], str]) -> bool:
    """Open what `address` answers; False, and nothing else, where that cannot be done."""
    if not on_a_desktop(os.environ, sys.platform):
        return False
    try:
        return webbrowser.open(address())
    except (webbrowser.Error, OSError):
        return False
