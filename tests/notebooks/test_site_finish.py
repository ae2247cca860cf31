"""What the site mends in the pages that Sphinx made."""

from notebooks.site import finish

PAGE = """<aside class="sidebar-drawer"><p class="caption" role="heading">Lectures</p></aside>
<table><tr><th scope="col"></th><th scope="col">mIoU</th></tr></table>
<details><summary aria-label="Toggle hidden content"><p>The code</p></summary><pre>x = 1</pre></details>
<div id="search-results"></div>"""


def test_roles_labels_and_tab_stops_are_filled_in():
    mended = finish.page(PAGE)
    assert '<aside class="sidebar-drawer" aria-label="Site"><p class="caption" role="heading" aria-level="2">' in mended
    assert '<tr><td></td><th scope="col">mIoU</th></tr>' in mended
    assert '<summary><p>The code</p></summary><pre tabindex="0">x = 1</pre>' in mended
    assert mended.index("<h1>Search</h1>") < mended.index('id="search-results"')


def test_every_page_of_a_folder_is_mended(tmp_path):
    (tmp_path / "a.html").write_text(PAGE)
    finish.pages(tmp_path)
    assert (tmp_path / "a.html").read_text() == finish.page(PAGE)
