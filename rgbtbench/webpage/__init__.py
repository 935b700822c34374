"""What every page of rgbtbench shares: escaping, a strict content policy, one look in light, dark and print.

A page is one file that needs no network: its style and script are inside and are named by hash in its
Content-Security-Policy, so that nothing else can run even if some text were to escape its place.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

#: Characters that could end a script element or a line of script inside a JSON block.
_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


def render_page(package: str, template: str, *, images: bool, **values: Any) -> str:
    """Render a page from the folder `templates` of a package.

    The template gets `style` and `script` (contents of `page.css` after the shared style, and of `page.js` where there
    is one), `policy` (the Content-Security-Policy) and `values`. Everything that is no markup of the template is
    escaped.

    Args:
        package: dotted name of the package.
        template: file in its folder `templates`.
        images: whether the page shows image files that lie beside it.
        values: what the template shows.

    Returns:
        The page's text.
    """
    own = resources.files(package) / "templates"
    shared = resources.files(__name__) / "base.css"
    style = shared.read_text(encoding="utf-8") + (own / "page.css").read_text(encoding="utf-8")
    script = (own / "page.js").read_text(encoding="utf-8") if (own / "page.js").is_file() else ""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        # Both are files of this package, not input.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=content_policy(style, script, images=images),
        **values,
    )


def content_policy(style: str, script: str, *, images: bool) -> str:
    """Return the Content-Security-Policy that allows this very style and script, and image files if asked."""
    # A page opened from disk has no origin: `file:` stands for the files beside it there, 'self' on a server.
    pictures = "'self' file: data:" if images else "data:"
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def json_block(data: Any) -> Markup:
    """Return `data` as JSON that is safe inside a script element of type application/json."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_ESCAPES))  # noqa: S704
