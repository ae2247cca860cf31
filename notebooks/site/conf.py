"""Sphinx's settings for the course as a site; `python -m notebooks.site` writes the pages that it reads."""

from course_lib import __version__

project = "Beyond FCN"
author = "the authors of Beyond FCN"
release = __version__
language = "en"
needs_sphinx = "9.0"

extensions = ["myst_nb"]
nb_execution_mode = "off"  # the notebooks come with their outputs
nb_merge_streams = True
nb_code_prompt_show = "The code"
nb_code_prompt_hide = "The code"
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 3
myst_heading_slug_func = "notebooks.site.pages.heading_anchor"

html_theme = "furo"
html_title = "Beyond FCN"
html_static_path = ["static"]
html_css_files = ["widget.css", "site.css"]
html_js_files = ["host.js", "record.js", "runtime.js", "photograph.js"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False  # nothing is indexed: the page would be empty
html_show_search_summary = False  # summaries are fetched, and a page on a disk may fetch nothing
html_permalinks_icon = "#"
html_last_updated_fmt = None
pygments_style = "friendly"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00557f", "color-brand-content": "#0063a0"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f0", "color-brand-content": "#7cc4f0"},
    "top_of_page_buttons": [],
}
