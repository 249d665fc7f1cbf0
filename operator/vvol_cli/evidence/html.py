"""The evidence as one HTML page, without anything from elsewhere; it can be printed. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .chapters import chapters, title_of

if TYPE_CHECKING:
    from vvol_cli.reading import Object

    from .chapters import Chapter

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; } .facts th { width: 14rem; font-weight: 600; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; color: #000; background: #fff; }
  h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def render(evidence: Object) -> str:
    """One page."""
    title = escape(title_of(evidence))
    body = "\n".join(_chapter(one) for one in chapters(evidence))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _chapter(chapter: Chapter) -> str:
    heading = f"<h2>{escape(chapter.heading)}</h2>\n" if chapter.heading else ""
    if not chapter.titles:
        rows = "".join(
            f'<tr><th scope="row">{escape(key)}</th><td>{escape(value)}</td></tr>\n' for key, value in chapter.rows
        )
        return f'{heading}<table class="facts">\n{rows}</table>'
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in chapter.titles)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n" for cells in chapter.rows)
    return f"{heading}<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
