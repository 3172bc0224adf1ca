"""Status words of shipments, dewars and containers."""

import re


def plain(status: str | None) -> str:
    """``status`` as it is compared: without case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", status or "").lower()
