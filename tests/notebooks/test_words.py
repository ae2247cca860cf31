"""What authors write in words, and what the notebook shows: references, terms, the quiz, the pages beside."""

import copy

import pytest

from notebooks import build, pages, words
from notebooks.convert import Source

SHELF = words.Shelf(
    {"long2015": {"authors": "Long", "year": 2015, "title": "FCN", "venue": "CVPR", "link": "https://a.org/1"}},
    {"receptive field": {"korean": "수용 영역", "meaning": 'What a value "sees".'}},
)
QUESTION = {
    "ask": "How many?",
    "options": [
        {"say": "1", "why": "No."},
        {"say": "`x < 2`", "why": "Yes: `2`.", "right": True},
        {"say": "3", "why": "No."},
    ],
}


def test_a_reference_is_given_in_full():
    assert words.expand("[@@long2015]", SHELF, []) == "Long (2015). [FCN](https://a.org/1). *CVPR*"


def test_a_term_becomes_a_link_whose_tooltip_is_the_meaning():
    link = '[the field](GLOSSARY.md#receptive-field "What a value &quot;sees&quot;.")'
    assert words.expand("See [[Receptive field|the field]].", SHELF, []) == f"See {link}."


def test_an_unknown_term_is_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"no term 'receptive feld'.*nearest are receptive field"):
        words.expand("[[receptive feld]]", SHELF, [])


def test_the_quiz_folds_out_without_a_kernel():
    shown = words.expand("[quiz]", SHELF, [QUESTION] * 5)
    assert (shown.count("<details>"), shown.count("<b>Right.</b>")) == (15, 5)
    assert "<summary>b) <code>x &lt; 2</code></summary><b>Right.</b> Yes: <code>2</code>." in shown


def spoil_none_right(question):
    del question["options"][1]["right"]


def spoil_two_right(question):
    question["options"][0]["right"] = True


def spoil_two_options(question):
    del question["options"][2]


def spoil_why(question):
    del question["options"][0]["why"]


@pytest.mark.parametrize("spoil", [spoil_none_right, spoil_two_right, spoil_two_options, spoil_why])
def test_a_quiz_that_would_mislead_is_refused(spoil):
    question = copy.deepcopy(QUESTION)
    spoil(question)
    with pytest.raises(ValueError, match=r"one of them right.*How many"):
        words.quiz([QUESTION] * 4 + [question])


def test_a_quiz_has_five_questions():
    with pytest.raises(ValueError, match="5 questions, got 4"):
        words.quiz([QUESTION] * 4)


def test_a_teaching_page_has_sections_wrong_answers_and_a_discussion():
    teach = {
        "sections": [
            {"section": "Start", "minutes": 5, "show": "the street"},
            {"section": "End", "minutes": 7, "show": "-"},
        ],
        "wrong": [{"says": "Four.", "reply": "Count again."}],
        "discuss": [{"ask": "Why?", "answer": "Because."}],
    }
    front = {
        "title": "T",
        "question": "Q?",
        "read_minutes": 9,
        "run_seconds": 8,
        "teach": teach,
        "quiz": [QUESTION] * 5,
    }
    page = "\n".join(pages.teaching_page(Source("01_test", front)))
    assert "12 minutes in class; 9 to read alone, 8 seconds to run" in page
    assert "1b, 2b, 3b, 4b, 5b" in page
    assert "- *“Four.”* Count again." in page
    assert "<summary>One answer</summary>Because." in page


def test_a_source_without_a_teaching_page_is_named():
    with pytest.raises(ValueError, match="01_test: the front matter's teach has no wrong, discuss"):
        pages.check_teaching("01_test", {"sections": [{}]})


def test_the_pages_beside_the_notebooks_are_those_made_from_the_sources():
    for path, text in build.pages_now().items():
        assert path.read_text() == text, f"{path.name}: run make notebooks"


def test_right_answers_are_spread_over_the_letters():
    for source in build.sources():
        letters = {
            answer[-1]
            for answer in pages.right_letters(build.convert.parse(source.stem, source.read_text()).front["quiz"])
        }
        assert len(letters) > 1, source.stem
