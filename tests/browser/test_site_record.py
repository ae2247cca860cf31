"""What a reader answers on the site: the quiz, the exercises of statements, and the record that is kept."""

import json
import re

import pytest

from course_lib import exercises
from course_lib.grading.command import main
from notebooks.site import exercise

HERE = [one for one in exercises.all_exercises() if exercise.statements(one)]


@pytest.mark.browser
def test_every_exercise_of_statements_can_be_answered_on_its_page(site):
    assert [one.number for one in HERE] == ["1.6", "2.6", "6.7", "7.8", "8.3"]
    for one in HERE:
        said = exercise.statements(one)
        assert list(said) == list("abcde")
        right = [chosen for chosen in exercise.every(said) if exercise.outcome(one, chosen)["kind"] == "correct"]
        assert ["".join(letters) for letters in right] == [one.answer]
    pages = [path.read_text() for path in sorted(site.glob("0?_*.html"))]
    assert re.findall(r'class="answer" data-exercise="([\d.]+)"', "".join(pages)) == [one.number for one in HERE]


@pytest.mark.browser
def test_each_exercise_of_code_names_the_way_to_its_notebook(site):
    own = [one.number for one in exercises.all_exercises() if one not in HERE]
    pages = "".join(path.read_text() for path in site.glob("0?_*.html"))
    said = re.findall(r"For code \(([^)]+)\)", pages)
    assert set(own) <= set(re.findall(r"\d\.\d+", " ".join(said)))


@pytest.mark.browser
def test_the_quiz_counts_first_answers_and_remembers_them(desktop):
    page = desktop.to("04_receptive_field_dilation.html")
    questions = page.locator(".question")
    for i in range(questions.count()):
        kind = "wrong" if i == 0 else "right"
        questions.nth(i).locator(f"details.{kind} summary").first.click()
    questions.nth(0).locator("details.right summary").click()
    count = questions.count()
    said = f"{count - 1} of {count} right at the first try. That was all of them."
    assert page.locator(".score").inner_text() == said
    page.reload()
    assert page.locator(".score").inner_text() == said
    assert desktop.wrong == []


@pytest.mark.browser
def test_an_exercise_answers_with_the_words_of_its_checker(desktop):
    page = desktop.to("01_fcn_limits.html")
    room, one = page.locator('[data-exercise="1.6"]'), exercises.fcn.gains
    room.locator("input[value=b]").check()
    room.get_by_text("Check").click()
    assert one.judged(("b",)).lines[0] in room.locator("output").inner_text()
    room.get_by_text("Hint").click()
    assert one.hints[0] in room.locator("output").inner_text()
    room.locator("input[value=b]").uncheck()
    for letter in one.answer:
        room.locator(f"input[value={letter}]").check()
    room.get_by_text("Check").click()
    assert "Exercise 1.6: correct" in room.locator("output").inner_text()
    page.reload()
    assert "solved it before" in room.locator("output").inner_text()
    assert desktop.wrong == []


@pytest.mark.browser
def test_the_record_is_saved_signed_and_added_to_that_of_the_notebooks(desktop, tmp_path):
    pytest.importorskip("cryptography", reason='needs cryptography: pip install "beyond-fcn[sign]"')
    page = desktop.to("progress.html")
    page.locator("[name=forget]").click()
    (tmp_path / ".beyond_fcn_progress.json").write_text('["4.4", "1.6"]')
    page.locator("[name=load]").set_input_files(tmp_path / ".beyond_fcn_progress.json")
    page.get_by_text("was added").wait_for()
    own = len([one for one in exercises.all_exercises() if one.number.startswith("4.")])
    assert page.locator('[data-lecture="04_receptive_field_dilation"] td').nth(1).inner_text() == f"1 of {own}"
    page.locator("[name=student]").fill("Ann")
    with page.expect_download() as saving:
        page.locator("[name=save]").click()
    saving.value.save_as(tmp_path / "ann.json")
    record = json.loads((tmp_path / "ann.json").read_text())
    assert (record["student"], record["solved"]) == ("Ann", ["1.6", "4.4"])
    key = tmp_path / "mine.pem"
    assert main(["sign", str(tmp_path / "ann.json"), "--key", str(key)]) == 0
    assert main(["verify", str(tmp_path / "ann.signed.json"), "--key", str(key.with_suffix(".pub"))]) == 0
    (tmp_path / "words.json").write_text("no record")
    page.locator("[name=load]").set_input_files(tmp_path / "words.json")
    page.get_by_text("words.json is no record").wait_for()
    assert desktop.wrong == []
