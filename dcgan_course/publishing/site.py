"""The explorer in pages of a site: what runs it stands in a few scripts that all pages share, each generator in one.

They are scripts that write text into the page, because those are all that a browser loads for a page that was opened
as a file, without a server.
"""

import html
import json
import lzma
from pathlib import Path

from ..machine.files import reading
from ..machine.places import repo_data_dir
from ..runs import Run
from .explorer import of_run, script, style
from .export import CODE, GIF, WASM, packed, small_onnx


def write_programs(folder: Path) -> None:
    """What all explorers of a site need, into a folder: explorer.css, explorer.js and runtime.js."""
    programs = repo_data_dir() / "browser"
    (folder / "explorer.css").write_text(style(), encoding="utf-8")
    (folder / "explorer.js").write_text(f'(() => {{\n"use strict";\n{script("page.js")}\n}})();\n', encoding="utf-8")
    with reading(programs):
        parts = {"ort-code": (programs / CODE).read_bytes(), "gif-code": (programs / GIF).read_bytes(),
                 "ort-wasm": lzma.decompress((programs / WASM).read_bytes())}
    (folder / "runtime.js").write_text("".join(map(as_script, parts, parts.values())), encoding="utf-8")


def write_generator(run: Run, folder: Path) -> dict:
    """A run's generator as the script NAME.js in a folder. Returns what the explorer has to know of it.

    Raises:
        UserError: as `export.small_onnx`.
    """
    netG = run.load_generator()
    (folder / f"{run.path.name}.js").write_text(as_script("generator", small_onnx(run, netG)), encoding="utf-8")
    return of_run(run, netG)


def section(about: dict, folder: str) -> str:
    """The HTML of an explorer.

    Args:
        about: what `write_generator` returned.
        folder: where the page finds the scripts.
    """
    files = [f"{folder}/{name}" for name in ("explorer.js", f"{about['name']}.js", "runtime.js")]
    return (f'<link rel="stylesheet" href="{folder}/explorer.css">\n'
            f'<section class="latent" id="explorer" aria-label="{html.escape(about["title"])}"></section>\n'
            f'<script type="application/json" id="about">{json.dumps(about).replace("<", chr(92) + "u003c")}</script>\n'
            f"<script>for (const src of {json.dumps(files)}) document.head.append(\n"
            '  Object.assign(document.createElement("script"), {src, async: false}));</script>\n')


def as_script(identity: str, content: bytes) -> str:
    """JavaScript that puts bytes into the page, as text that page.js unpacks."""
    return (f'document.head.append(Object.assign(document.createElement("script"), {{type: "text/plain", '
            f'id: "{identity}", text: "{packed(content)}"}}));\n')
