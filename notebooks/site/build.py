"""Builds the course as a site: `make site`, or `python -m notebooks.site`.

In go the executed notebooks, the ledger, the zoo and the glossary; out comes a folder of pages that need no server, no
network and no Python. Sphinx does what every book needs: contents, search, previous and next.
"""

import html
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from course_lib.evidence import ledger
from course_lib.exercises import all_exercises
from course_lib.explorers.break_the_network import NETWORKS
from course_lib.explorers.machinery import widget
from course_lib.models import shipped
from notebooks import build, convert
from notebooks.site import finish, language, letters, networks, occlusion, pages, reference, slides, tables
from notebooks.site.lecture import Lecture, Pictures

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SITE, ROOM = ROOT / "site", ROOT / ".cache" / "site"  # what is published, and where it is made
OTHERS = ("progress", "photograph", "ledger", "zoo", "GLOSSARY", "reference")


def main() -> int:
    source, made = ROOM / "source", ROOM / "html"
    for folder in (source, made):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    live = tables.every()
    for name, explorer in live.items():
        tables.write(name, explorer, ROOM / "explorers")
        if explorer.name == "receptive_field":
            occlusion.write(name, explorer, ROOM / "networks")
    for name in networks.NAMES:
        networks.write(name, ROOM / "networks")
    for name in sorted({one for asked in NETWORKS.values() for one in asked.values()}):
        networks.write_checkpoint(name, ROOM / "networks")
    networks.write_runtime(ROOM / "networks", ROOM / "npm")
    lectures = [convert.parse(path.stem, path.read_text()) for path in build.sources()]
    write_lectures(lectures, source, made, live)
    write_others(lectures, source)
    settings = ["-b", "html", "-q", "-W", "--keep-going", "-E", "-c", str(HERE), "-d", str(ROOM / "doctrees")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    sphinx = [sys.executable, "-m", "sphinx", *settings, str(source), str(made)]
    if failed := subprocess.run(sphinx, cwd=ROOT, env=environment).returncode:
        return failed
    finish.pages(made)
    for lecture in lectures:
        for tongue in language.languages(lecture.name):
            finish.translated(made, lecture.name, tongue)
    write_host(made / "_static")
    slides.write_reveal(ROOM / "npm", made)
    for folder in ("explorers", "networks"):
        shutil.copytree(ROOM / folder, made / folder)
    shutil.rmtree(SITE, ignore_errors=True)
    made.rename(SITE)  # what is there is whole
    megabytes = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) / 1e6
    print(f"site/index.html: {megabytes:.0f} MB; open it by double click, or put the folder on any web server")
    return 0


def write_lectures(lectures: list[convert.Source], source: Path, made: Path, live: dict) -> None:
    pictures = Pictures(made / "pictures")
    papers = build.loaded("references").values()
    citations = {one["link"]: html.escape(f"{one['title']}. {one['venue']}") for one in papers}
    (made / "notebooks").mkdir()
    for lecture in lectures:
        notebook = build.target(lecture.name, solutions=False)
        shutil.copy(notebook, made / "notebooks")
        others = {tongue: f"{lecture.name}.{tongue}.html" for tongue in language.languages(lecture.name)}
        page = Lecture(lecture.name, lecture.front, live, citations, pictures, others).page(nbformat.read(notebook, 4))
        nbformat.write(page, source / f"{lecture.name}.ipynb")
        for tongue in others:
            told = language.front(lecture, tongue)
            redrawn = letters.translated(lecture.name, language.catalogue(tongue, lecture.name))
            drawings = Pictures(made / "pictures", redrawn)
            there = Lecture(lecture.name, told, live, citations, drawings, {"en": f"{lecture.name}.html"})
            translated = there.page(language.book(lecture, tongue, nbformat.read(notebook, 4)))
            translated.metadata["orphan"] = True  # the contents name each lecture once
            nbformat.write(translated, source / f"{lecture.name}.{tongue}.ipynb")
        (made / f"slides_{lecture.name[:2]}.html").write_text(slides.slides(lecture.name, lecture.front, page))


def write_others(lectures: list[convert.Source], source: Path) -> None:
    checkpoints = ROOT / "data" / "checkpoints"
    shutil.copytree(checkpoints / "pictures", source / "zoo")
    solved_in = {one.name[:2]: [] for one in lectures}
    for one in all_exercises():
        solved_in[f"{int(one.number.partition('.')[0]):02}"].append(one.number)
    sizes = sorted({" x ".join(map(str, networks.working_size(shipped.card(name)))) for name in networks.NAMES})
    texts = {
        "progress": pages.progress(lectures, solved_in),
        "photograph": pages.photograph(networks.NAMES, sizes, build.loaded("glossary")),
        "index": pages.entrance(lectures, OTHERS),
        "ledger": pages.ledger(list(ledger.read().values()), lectures),
        "zoo": (checkpoints / "README.md").read_text().replace("(pictures/", "(zoo/"),
        "reference": reference.page(),
        "GLOSSARY": pages.glossary(build.loaded("glossary")),
    }
    for name, text in texts.items():
        (source / f"{name}.md").write_text(text)


def write_host(static: Path) -> None:
    """widget.js as text: a page from a disk may not import a module from a file, but it may from its own words."""
    room = Path(widget.__file__).parent
    (static / "widget.text.js").write_text(f"course.text = {json.dumps((room / 'widget.js').read_text())};\n")
    shutil.copy(room / "widget.css", static)


if __name__ == "__main__":
    sys.exit(main())
