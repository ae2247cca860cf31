"""What the tests of grading share: a workshop that starts once; notebooks are in class_of."""

from collections.abc import Iterator

import pytest
from class_of import LIMITS, book

from course_lib.grading import folder
from course_lib.grading.workshop import Workshop


@pytest.fixture(autouse=True)
def no_student_is_touched(own_record) -> None:
    """Every test here writes into a record of its own."""


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    with Workshop() as shop:
        yield shop


@pytest.fixture(scope="session")
def asked() -> dict[str, list[str]]:
    return folder.asked_for([])


@pytest.fixture
def graded_alone(tmp_path, workshop, asked):
    """Point and words by exercise for a notebook of these cells."""

    def grade(*cells: str, shop: Workshop = workshop) -> dict[str, tuple[int, str]]:
        path = tmp_path / "mine.ipynb"
        path.write_text(book(*cells))
        return folder.graded(path, asked, LIMITS, "", shop)

    return grade
