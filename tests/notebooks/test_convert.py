"""From a percent script to the two notebooks."""

import pytest

from notebooks import convert
from notebooks.words import Shelf

SOURCE = """\
# ---
# title: A test
# question: Does it build?
# able: ["build", "run"]
# needs: nothing
# read_minutes: 1
# run_seconds: 2
# ---
# %% [markdown]
# ## Words
# They cite [@long2015].

# %%
x = 1

# %% tags=["exercise"]
def double(number):
    # solution
    half = number

    return half + number


answer = 4  # solution
double(answer)
"""
SHELF = Shelf({"long2015": {"authors": "Long", "year": 2015, "link": "https://arxiv.org/abs/1411.4038"}}, {})


@pytest.fixture
def source():
    return convert.parse("00_test", SOURCE)


def test_cells_keep_their_kind_text_and_tags(source):
    assert [(cell.kind, cell.tags) for cell in source.cells] == [
        ("markdown", ()),
        ("code", ()),
        ("code", ("exercise",)),
    ]
    assert source.cells[0].source == "## Words\nThey cite [@long2015]."
    assert source.front["able"] == ["build", "run"]


def test_the_student_gets_a_placeholder_and_the_rest_of_the_cell(source):
    expected = "def double(number):\n    pass  # your code here\n\n\nanswer = ...  # your answer here\ndouble(answer)"
    assert convert.student(source).cells[2].source == expected


def test_the_placeholder_runs(source):
    exec(convert.student(source).cells[2].source.replace("double(answer)", "double(4)"), {})


def test_a_solution_without_a_marker_would_be_seen(source):
    assert "half" in source.cells[2].source
    assert "half" not in convert.student(source).cells[2].source


def test_citations_become_links(source):
    built = convert.notebook(source, "pass", SHELF)
    assert "They cite [Long 2015](https://arxiv.org/abs/1411.4038)." in built.cells[2].source


def test_an_unknown_citation_is_named(source):
    with pytest.raises(ValueError, match="no reference 'long2015'"):
        convert.notebook(source, "pass", Shelf({}, {}))


def test_the_opening_tells_question_abilities_needs_and_time(source):
    opening = convert.notebook(source, "pass", SHELF).cells[0].source
    for words in ("# 00 · A test", "Does it build?", "- build\n- run", "1 minutes to read, 2 seconds to run"):
        assert words in opening


def test_ids_are_stable_and_unique(source):
    ids = [cell.id for cell in convert.notebook(source, "pass", SHELF).cells]
    assert ids == [cell.id for cell in convert.notebook(source, "pass", SHELF).cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("x = 1\n# %%\n", "text before the first cell"),
        ("# %% [mark]\n", "cannot read the cell line"),
        ('# %% tags=["execise"]\n', "unknown tag"),
    ],
)
def test_a_malformed_source_is_refused_with_its_line(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        convert.parse("00_bad", text)
