"""The page of the trained networks is made from their cards."""

import re

from course_lib import zoo
from course_lib.models import shipped


def test_the_page_is_what_the_command_writes():
    assert (shipped.folder() / "README.md").read_text(encoding="utf-8") == zoo.page(), "run python -m course_lib.zoo"


def test_each_network_has_one_picture_and_each_picture_a_network():
    page = (shipped.folder() / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]{10,}\]\(pictures/(\w+)\.(?:jpg|png)\)", page)
    assert sorted(shown) == shipped.names()
    assert sorted(path.stem for path in (shipped.folder() / "pictures").iterdir()) == shipped.names()


def test_a_picture_is_a_photograph_of_the_course_with_the_answer_over_it():
    picture = zoo.picture("selfie")
    assert picture.shape == (3, 384, 384)
