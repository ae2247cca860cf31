"""The shares in which several workers run the browser tests."""

from tests.browser import shares


def test_the_files_that_are_named_are_there(root):
    files = {path.stem for path in (root / "tests" / "browser").glob("test_*.py")}
    assert {*shares.GALLERY, *shares.FIRST} - {"the gallery"} <= files


def test_the_gallery_is_one_share_a_file_another_and_each_lecture_its_own():
    tests = [
        f"tests/browser/test_{file}.py::test_it[{number}]"
        for file in ("site", "lab_notebooks", "widgets_asked", "widgets_b", "widgets_each")
        for number in (0, 1)
    ]
    site, first, second, asked, gallery = "test_site", tests[2], tests[3], "test_widgets_asked", "the gallery"
    assert [shares.share(test) for test in tests] == [site, site, first, second, asked, asked, *[gallery] * 4]
    in_order = list(dict.fromkeys(shares.share(test) for test in sorted(tests, key=shares.place)))
    assert in_order == [gallery, site, first, second, asked]
