"""The site in Chromium: how soon the first explorer lives, what a network takes for one answer, and what pages weigh.

Promised on two cores: an explorer lives within 2 s of coming into sight, on a page that was never open; a network
answers within 60 ms at 64 pixels and within 400 ms for a photograph; a page weighs under 1.5 MB before its explorers,
and the site under 60 MB.
"""

import statistics
import sys
from pathlib import Path

from course_lib.explorers.break_the_network import NETWORKS
from notebooks.site import networks
from notebooks.site.build import SITE

BROWSER = Path(__file__).resolve().parents[1] / "browser"
TRIES = 5
# from the moment the first explorer comes into sight to its first picture; and from the opening of the page to there
READY = """() => new Promise(done => {
  const place = document.querySelector("[data-explorer]"), began = performance.now();
  place.scrollIntoView();
  const look = () => place.querySelector('.lm-explorer[data-painted]:not([data-painted=""])')
    ? done([performance.now() - began, began]) : requestAnimationFrame(look);
  look();
})"""
ANSWERS = """async name => {
  const net = await course.session(name), picture = new Float32Array(3 * net.size[0] * net.size[1]).fill(127);
  const took = [];
  for (let i = 0; i < 11; i++) {
    const began = performance.now();
    await net.ask(picture);
    took.push(performance.now() - began);
  }
  return took.slice(1);
}"""
IMAGES = "() => [...document.images].map(image => image.getAttribute('src'))"


def main() -> None:
    sys.path.append(str(BROWSER))
    from chromium import FLAGS, HOW_TO_GET_IT, find
    from playwright.sync_api import sync_playwright

    if not (program := find()) or not (SITE / "index.html").exists():
        print(f"needs the site (make site) and Chromium: {HOW_TO_GET_IT}")
        return
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        explorers(chromium)
        answers(chromium)
        chromium.close()
    megabytes = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) / 1e6
    print(f"the whole site {megabytes:.1f} MB   promised: under 60 MB")


def explorers(chromium) -> None:
    """Each page opened anew, with nothing kept, and what it weighs until its explorer is asked for."""
    print(f"{'':<32} {'opened':>10} {'explorer lives after':>22} {'weight':>10}")
    ready, weights = {}, {}
    for path in [SITE / "index.html", *sorted(SITE.glob("0*.html"))]:
        took = []
        for _ in range(TRIES):
            page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
            page.goto(path.as_uri())
            took.append(page.evaluate(READY))
            images = page.evaluate(IMAGES)
            page.context.close()
        lives, opened = (statistics.median(column) for column in zip(*took))
        files = [path, *{SITE / image for image in images}]
        ready[path.stem], weights[path.stem] = lives, sum(file.stat().st_size for file in files) / 1e6
        print(f"{path.stem:<32} {opened:7.0f} ms {lives:19.0f} ms {weights[path.stem]:7.2f} MB")
    print(f"slowest {max(ready.values()):.0f} ms   promised: under 2000 ms, median of {TRIES}")
    print(f"heaviest {max(weights.values()):.2f} MB   promised: under 1.5 MB")


def answers(chromium) -> None:
    small = sorted({one for asked in NETWORKS.values() for one in asked.values()})
    for names, bound in ((small, 60), (networks.NAMES, 400)):
        for name in names:
            page = chromium.new_context().new_page()
            page.goto((SITE / "photograph.html").as_uri())
            print(f"{name:<32} {statistics.median(page.evaluate(ANSWERS, name)):7.1f} ms   promised: under {bound} ms")
            page.context.close()


if __name__ == "__main__":
    main()
