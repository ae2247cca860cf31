"""A report: scores by the rules, pages that hold whatever students wrote, and files that Moodle and Canvas take."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from course_lib.grading import class_table, command, pages, platforms, score, table
from course_lib.grading.table import Grade

EVIL = '<script>alert(1)</script> & "x" </style><img src=//a.b onerror=alert(2)>'
SLIP = "not yet: the matrix: 3 of 4 values differ; the first at [0, 1]: found 2, expected 1 / It looks transposed."


def line(student: str, exercise: str, why: str, notebook: str = "a.ipynb") -> Grade:
    return Grade(student, exercise, int(why == "correct"), why, f"Title of {exercise}", notebook, "abc", "")


LINES = [
    line("ann", "0.1", "correct"),
    line("ann", "0.2", "correct"),
    line("bob", "0.1", SLIP),
    line("bob", "0.2", f"your code raised: in your line 3:  {EVIL} / ZeroDivisionError: 7"),
    line(EVIL, "0.1", SLIP.replace("3 of 4", "5 of 9")),
    line(EVIL, "0.2", "not attempted"),
    line("eve", "", "nothing could be graded: the file is empty"),
]


@pytest.fixture
def grades(tmp_path):
    path = tmp_path / "grades.csv"
    table.write(path, LINES)
    table.write_seconds(path, {("ann", "a.ipynb"): 2.5})
    return path


class Reader(HTMLParser):
    """The elements of a page, its words, and whether each element that was opened is closed."""

    VOID = ("meta", "br", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.names, self.words, self.attributes = [], [], "", []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words += data


def report(grades, *more) -> int:
    return command.main(["report", str(grades), "--out", str(grades.parent / "report"), *map(str, more)])


def test_points_are_weighted_and_late_days_and_the_capstone_count():
    rules = score.Rules({"0.2": 3}, capstone=4, share_per_day=0.25, days=2)
    hand = {"ann": score.ByHand(1, 2, "well argued"), "bob": score.ByHand(0, 4, ""), EVIL: score.ByHand(3, 4, "")}
    found = {one.student: (one.won, one.of) for one in score.scores(LINES, rules, hand)}
    assert found == {"ann": (0.75 * (1 + 3 + 2), 8), "bob": (4, 8), EVIL: (0, 8), "eve": (0, 8)}


def test_of_two_notebooks_the_better_answer_counts():
    two = [line("ann", "0.1", SLIP, "first.ipynb"), line("ann", "0.1", "correct", "second.ipynb")]
    for lines in (two, two[::-1]):
        (found,) = score.scores(lines, score.Rules(), {})
        assert (found.won, found.of) == (1, 1)


def test_of_a_notebook_for_every_word_that_could_be_right_three_count():
    lines = [
        line("ann", "1.6", "correct" if word == "ace" else SLIP, f"{word}.ipynb") for word in ("a", "ab", "abc", "ace")
    ]
    (found,) = score.scores(lines, score.Rules(), {})
    assert (found.won, found.of) == (0, 1)


def test_the_table_by_hand_is_made_and_read_again(grades):
    hand = grades.parent / "hand.csv"
    assert report(grades, "--hand", hand) == 0
    rows = list(csv.DictReader(io.StringIO(hand.read_text("utf-8-sig"))))
    assert [row["student"] for row in rows] == ["ann", "bob", EVIL, "eve"]
    hand.write_text(hand.read_text("utf-8-sig").replace("ann,0,,", "ann,1.5,,late but good"), "utf-8")
    (grades.parent / "rules.json").write_text(json.dumps({"late": {"share_per_day": 0.2}}))
    assert report(grades, "--hand", hand, "--rules", grades.parent / "rules.json") == 0
    page = (grades.parent / "report/feedback/ann/feedback.html").read_text()
    assert "1.4 of 2 points" in page
    assert "1.5 days late: 70% of the points count" in page
    assert "late but good" in page


@pytest.mark.parametrize(
    "rules, hand, words",
    [
        ('{"weight": {}}', None, "it names ['weight'], expected some of ['capstone', 'late', 'weights']"),
        ('{"weights": {"0.99": 1}}', None, "weighs ['0.99'], which are no exercises"),
        ('{"weights": {"0.1": -1}}', None, "holds a number below 0"),
        ("[", None, "holds no rules that can be read"),
        ("{}", "student,late_days,capstone,remark\nann,0,3,\n", "ann has 3 points for the capstone, the rules allow 0"),
        ("{}", "student,late_days,capstone,remark\nann,soon,0,\n", "holds what is no number"),
        ("{}", "student,late_days,capstone,remark\nzoe,0,0,\n", "names zoe, and the grades hold no such student"),
        ("{}", "name,late\n", "has the columns ['name', 'late'], expected student, late_days, capstone, remark"),
    ],
)
def test_rules_that_cannot_be_followed_are_told(grades, capsys, rules, hand, words):
    (grades.parent / "rules.json").write_text(rules)
    more = []
    if hand:
        (grades.parent / "hand.csv").write_text(hand)
        more = ["--hand", grades.parent / "hand.csv"]
    assert report(grades, "--rules", grades.parent / "rules.json", *more) == 2
    assert words in capsys.readouterr().err


def test_pages_say_what_was_right_and_what_was_not_and_run_nothing(grades):
    assert report(grades) == 0
    folder = grades.parent / "report"
    found = {path.parent.name: path.read_text() for path in folder.glob("feedback/*/feedback.html")}
    assert len(found) == 4
    for text in [*found.values(), (folder / "class.html").read_text()]:
        page = Reader(text)
        assert not {"script", "img", "link"} & set(page.names)
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]
        assert page.names.count("h1") == page.names.count("main") == page.names.count("title") == 1
        assert ("lang", "en") in page.attributes
        assert ("name", "viewport") in page.attributes
    ann, bob = Reader(found["ann"]).words, Reader(found["bob"]).words
    assert "2 of 2 points" in ann
    assert "a.ipynb (2 s)" in ann
    assert "✓ correct" in ann
    assert "It looks transposed." in bob
    assert f"in your line 3:  {EVIL}" in bob
    assert "nothing could be graded: the file is empty" in Reader(found["eve"]).words


def test_the_class_table_counts_what_was_solved_and_the_common_slips(grades):
    assert report(grades) == 0
    scores = score.scores(LINES, score.Rules(), {})
    first, second = class_table.shares(scores)
    assert (first.solved, first.tried) == (1, 3)
    assert first.slips[0] == ("It looks transposed.", 2)
    assert second.tried == 2
    rows = list(csv.DictReader(io.StringIO((grades.parent / "report/class.csv").read_text("utf-8-sig"))))
    assert [(row["exercise"], row["solved"], row["share"]) for row in rows] == [
        ("0.1", "1", "0.250"),
        ("0.2", "1", "0.250"),
    ]


def test_slips_are_the_same_whatever_the_numbers_are():
    assert class_table.slip("not yet: found 2.5e-3, which is not right") == class_table.slip(
        "not yet: found -17, which is not right"
    )


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("part", [0, 1])
def test_every_colour_of_words_stands_out_in_light_and_in_dark(part):

    colours = dict(re.findall(r"--(\w+): (#\w{6})", pages.STYLE.split("@media")[part]))
    assert set(colours) >= {"ink", "paper", "soft", "right", "wrong", "open"}
    for name in ("ink", "soft", "right", "wrong", "open"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name


MOODLE = """\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 811","Ann Lee",ann@b.c,"Submitted for grading",,10.00,Yes,"Sunday, 29 November 2026, 9:00 AM",-,
"Participant 812","Bob Ray",bob@b.c,"Submitted for grading",,10.00,Yes,"Sunday, 29 November 2026, 9:01 AM",-,
"Participant 813","Cy Moe",cy@b.c,"No submission",7.00,10.00,Yes,-,-,"by hand"
"""
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework (55),Beyond FCN (77),Final Score
    Points Possible,,,,,10.00,4.00,(read only)
"Lee, Ann",901,A1,ann,S1,9,,90
"Ray, Bob",902,B2,bob,S1,8,,80
"Student, Test",,,,S1,,,
"""


def test_pages_name_the_person_and_not_the_file():
    assert platforms.person("Ann Lee_811_assignsubmission_file_") == "Ann Lee"
    assert platforms.person("leeann_LATE_901_4455_mine") == platforms.person("leeann_901_4455_mine") == "leeann"
    assert platforms.person("ann_2_b") == "ann_2_b"


def graded_as(grades, **names: str):
    """The table of grades with other names for ann and bob, and nobody else."""
    table.write(grades, [line(names[one.student], one.exercise, one.why) for one in LINES if one.student in names])


def test_moodle_gets_its_worksheet_back_with_grades_on_its_scale(grades):
    graded_as(grades, ann="Ann Lee_811_assignsubmission_file_", bob="bob@b.c")
    (grades.parent / "worksheet.csv").write_text(MOODLE, "utf-8")
    assert report(grades, "--class-list", grades.parent / "worksheet.csv") == 0
    text = (grades.parent / "report/moodle.csv").read_text("utf-8")
    assert text.splitlines()[0].startswith("Identifier,")  # a mark before the first name would hide it from Moodle
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Grade"] for row in rows] == ["10.00", "0.00", "7.00"]
    assert rows[0]["Last modified (grade)"] == "-"
    assert "&lt;script&gt;" in rows[1]["Feedback comments"]
    assert rows[2]["Feedback comments"] == "by hand"


def test_canvas_gets_one_assignment_with_its_points(grades):
    graded_as(grades, ann="leeann_LATE_901_4455_mine", bob="bob")
    (grades.parent / "gradebook.csv").write_text(CANVAS, "utf-8")
    assert report(grades, "--class-list", grades.parent / "gradebook.csv", "--assignment", "Beyond FCN") == 0
    rows = list(csv.reader(io.StringIO((grades.parent / "report/canvas.csv").read_text("utf-8"))))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Beyond FCN (77)"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "4.00"]
    assert rows[2:] == [["Lee, Ann", "901", "A1", "ann", "S1", "4.00"], ["Ray, Bob", "902", "B2", "bob", "S1", "0.00"]]


def test_canvas_makes_an_assignment_that_it_does_not_have_yet(grades):
    graded_as(grades, ann="ann")
    (grades.parent / "gradebook.csv").write_text(CANVAS, "utf-8")
    assert report(grades, "--class-list", grades.parent / "gradebook.csv", "--assignment", "Lecture 00") == 0
    rows = list(csv.reader(io.StringIO((grades.parent / "report/canvas.csv").read_text("utf-8"))))
    assert [row[-1] for row in rows] == ["Lecture 00", "2", "2.00"]


def test_who_is_not_in_the_class_is_named_and_who_is_there_twice_stops_the_export(grades, capsys):
    (grades.parent / "list.csv").write_text(MOODLE, "utf-8")
    assert report(grades, "--class-list", grades.parent / "list.csv") == 0
    assert "list.csv: ann" in capsys.readouterr().out
    graded_as(grades, ann="Ann Lee", bob="ann@b.c")
    assert report(grades, "--class-list", grades.parent / "list.csv") == 2
    assert "Ann Lee and ann@b.c are the same line" in capsys.readouterr().err
    (grades.parent / "list.csv").write_text("name,points\n")
    assert report(grades, "--class-list", grades.parent / "list.csv") == 2
    assert "has the columns name, points; expected Identifier, Grade" in capsys.readouterr().err


def test_a_name_in_two_lines_of_the_list_is_told(grades):
    rows = [{"Full name": "Ann"}, {"Full name": "ann"}]
    (found, *_) = score.scores([line("ann", "0.1", "correct")], score.Rules(), {})
    with pytest.raises(ValueError, match="2 lines of the class's list fit ann"):
        platforms.matched(rows, [found])
