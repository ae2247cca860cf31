"""What the site mends in the pages that Sphinx made, and what it adds to a lecture."""

from PIL import Image

from notebooks import first_cell
from notebooks.site import exercise, finish, reference
from notebooks.site.lecture import Lecture, Pictures

PAGE = """<aside class="sidebar-drawer"><p class="caption" role="heading">Lectures</p></aside>
<table><tr><th scope="col"></th><th scope="col">mIoU</th></tr></table>
<details><summary aria-label="Toggle hidden content"><p>The code</p></summary><pre>x = 1</pre></details>
<div id="search-results"></div>"""


def test_roles_labels_and_tab_stops_are_filled_in():
    mended = finish.page(PAGE)
    assert '<aside class="sidebar-drawer" aria-label="Site"><p class="caption" role="heading" aria-level="2">' in mended
    assert '<tr><td></td><th scope="col">mIoU</th></tr>' in mended
    assert '<summary><p>The code</p></summary><pre tabindex="0">x = 1</pre>' in mended
    assert mended.index("<h1>Search</h1>") < mended.index('name="q"') < mended.index('id="search-results"')


def test_every_page_of_a_folder_is_mended(tmp_path):
    (tmp_path / "a.html").write_text(PAGE)
    finish.pages(tmp_path)
    assert (tmp_path / "a.html").read_text() == finish.page(PAGE)


def test_pictures_tell_their_shape_before_they_are_there(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    there = '<img src="a.png" width="3" height="2">'
    found = finish.sized(f'{there}<img alt="a" src="a.png" />', tmp_path)
    assert found == f'{there}<img alt="a" src="a.png" width="30" height="20" />'


def test_once_released_a_lecture_opens_in_colab_too(tmp_path, monkeypatch):
    monkeypatch.setattr(first_cell, "ADDRESS", "https://github.com/someone/beyond-fcn.git")
    monkeypatch.setattr(first_cell, "TAG", "v9.9")
    ways = Lecture("01_fcn_limits", {}, [], {}, Pictures(tmp_path)).ways()
    assert '<a href="notebooks/01_fcn_limits.ipynb" download>' in ways
    colab = "https://colab.research.google.com/github/someone/beyond-fcn/blob/v9.9/notebooks/01_fcn_limits.ipynb"
    assert f'<a href="{colab}">Open in Colab</a>' in ways


def test_exercises_are_found_under_a_short_name_too():
    cell = "ours = exercises.fcn\ndisplay(ours.cells.check(mine), exercises.fcn.gains.check(letters))"
    assert [one.number for one in exercise.asked(cell)] == ["1.2", "1.6"]
    assert "For code (1.2, 1.4 and 1.6):" in exercise.elsewhere(
        exercise.asked(cell.replace("ours.cells", "ours.cells.check(mine), ours.kernel")), ""
    )


def test_a_docstring_flows_on_the_page_and_code_in_it_does_not():
    def asked(size: "int | None" = None, kind: str = "noise") -> "list[int]":
        """What `size` gives,
        in pixels.

            asked(3)
        """

    assert reference.described(asked) == (
        '<p>What <code>size</code> gives, in pixels.</p>\n\n<pre class="doc">    asked(3)</pre>'
    )
    said = "asked(size: int | None = None, kind: str = &#x27;noise&#x27;) -&gt; list[int]"
    assert reference.called("asked", asked) == f"<p><code>{said}</code></p>"
