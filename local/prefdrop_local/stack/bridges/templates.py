"""Input templates of EventBridge rules and pipes: text with `<placeholders>`, which makes JSON.

Outside of quotes a placeholder becomes the JSON value; inside of a quoted string it becomes text.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(r'\\.|"|<([^<>"\s]+)>', re.DOTALL)


def render(template: str, value_of: Callable[[str], Any]) -> Any:
    """What the template makes; `value_of` gives the value of a placeholder by its name.

    A template that is not JSON after that is text.
    """
    parts: list[str] = []
    quoted = False
    position = 0
    for token in _TOKEN.finditer(template):
        parts.append(template[position : token.start()])
        position = token.end()
        if token[1] is None:
            quoted ^= token[0] == '"'
            parts.append(token[0])
        else:
            parts.append(_text(value_of(token[1]), quoted=quoted))
    text = "".join(parts) + template[position:]
    try:
        return json.loads(text)
    except ValueError:
        return text


def look_up(document: Any, path: str) -> Any:
    """The value at a path such as `$.detail.items[0].name`; None when there is nothing."""
    for member in re.findall(r"[^.\[\]]+", path.removeprefix("$")):
        if isinstance(document, dict):
            document = document.get(member)
        elif isinstance(document, list) and member.isdigit() and int(member) < len(document):
            document = document[int(member)]
        else:
            return None
    return document


def _text(value: Any, *, quoted: bool) -> str:
    if not quoted:
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
