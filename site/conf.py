"""Sphinx for the course's site. build.py puts the pages beside this file and says what is the same as elsewhere."""

import os
import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

REPOSITORY = os.environ["COURSE_REPOSITORY"]  # owner/name

project = "dcgan-course"
author = "the authors of dcgan-course"
extensions = ["myst_nb", "sphinx_design", "sphinx_copybutton", "sphinx_revealjs", "predict"]
nb_execution_mode = "off"  # the outputs are the stored ones
nb_ipywidgets_js = {}  # stored notebooks have pictures in place of widgets
nb_mime_priority_overrides = [("html", "image/gif", 35)]  # before text: films
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
numfig = False
copybutton_exclude = ".linenos, .gp, .go"
html_theme = "sphinx_book_theme"
html_title = "dcgan-course"
html_favicon = "_static/mark.svg"
templates_path = ["_templates"]
html_sidebars = {"**": ["logo.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [(f"{name}.js", {"defer": "defer"}) for name in ("films", "frames", "sideways")]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
html_show_search_summary = False  # it would fetch pages, which a page that was opened as a file may not
html_math_renderer = "mathml"
html_last_updated_fmt = None
exclude_patterns = ["_slides"]
revealjs_style_theme = "white"
revealjs_static_path = ["_slides"]
revealjs_css_files = ["slides.css"]
revealjs_script_conf = {"width": 1280, "height": 720, "hash": True, "transition": "none"}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],
    "repository_url": f"https://github.com/{REPOSITORY}",
    "repository_branch": "main",
    "use_repository_button": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "show_navbar_depth": 1,
    "max_navbar_depth": 1,
    "home_page_in_toc": False,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": "MIT licence. Everything on this site works without a network. "
                    "The method: Radford, Metz and Chintala, "
                    '<a href="https://arxiv.org/abs/1511.06434">arXiv 1511.06434</a>.',
}


def mathml(text: str, block: bool) -> str:
    """A formula for the browser's own typesetting, which needs neither a script nor a network."""
    text = re.sub(r"\\[bB]ig+[lrm]?(?![a-zA-Z])", "", text)  # brackets grow by themselves
    text = re.sub(r"\\(log|exp|max|min) +(?=[a-zA-Z\\])", r"\\\1\\, ", text)  # a space after a function's name
    text = re.sub(r"(?<=[}\w]) +\\(log|exp|max|min)\b", r"\\, \\\1", text)  # and one before it
    return tex2mathml(text, as_block=block)


def inline(self, node: nodes.math) -> None:
    self.body.append(mathml(node.astext(), block=False))
    raise nodes.SkipNode


def display(self, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math" tabindex="0">{mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
