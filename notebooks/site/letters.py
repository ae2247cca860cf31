"""The words inside pictures: the SVG of a lecture's figures, with the catalogue's words in place of the English ones.

matplotlib writes a text as a group of lines. They are one message; a translation breaks where its own lines end, and
where it is too long for the place. The reader's browser chooses the font.
"""

import html
import re
from collections.abc import Iterator
from functools import cache
from statistics import fmean, pstdev

from matplotlib import font_manager
from PIL import ImageFont

from notebooks import drawings
from notebooks.site import language

GROUP = re.compile(r"(?:<text [^>]*>[^<]*</text>\s*)+")
LINE = re.compile(r"<text ([^>]*)>([^<]*)</text>\s*")
SIZE = re.compile(r"([\d.]+)px")
CORNER = re.compile(r'transform="translate\(([-\d.]+) ([-\d.]+)\)"')  # of text in several lines
FONT = "'DejaVu Sans'"  # a phone has it not, and it has no Hangul
HANGUL = re.compile("[가-힣]")


@cache
def drawn(lecture: str) -> dict[str, str]:
    """The name of a picture -> its SVG."""
    return {path.stem: path.read_text("utf-8") for path in sorted((drawings.PLACE / lecture).glob("*.svg"))}


def translated(lecture: str, words: language.Words) -> dict[str, str]:
    """The name of a picture -> its SVG in another language."""
    return {name: in_words(svg, words) for name, svg in drawn(lecture).items()}


def heard(svg: str) -> Iterator[str]:
    """Every text in a drawing, as one line."""
    for group in GROUP.findall(svg):
        yield html.unescape(" ".join(line.strip() for _, line in LINE.findall(group)))


def in_words(svg: str, words: language.Words) -> str:
    return GROUP.sub(lambda found: _exchanged(found[0], words), svg).replace(FONT, "sans-serif")


def _exchanged(group: str, words: language.Words) -> str:
    lines = LINE.findall(group)
    said = language.spoken(whole := " ".join(html.unescape(line).strip() for _, line in lines), words)
    if said == whole:
        return group
    if len(lines) == 1:
        padded = lines[0][1].replace(lines[0][1].strip(), html.escape(said))
        return f"<text {lines[0][0]}>{padded}</text>\n".replace("> ", ">\xa0").replace(" </", "\xa0</")
    return "".join(_placed(lines, said))


def _placed(lines: list[tuple[str, str]], said: str) -> Iterator[str]:
    """A text in the place of several lines: under each other at their left, their middle or their right."""
    size = float(SIZE.search(lines[0][0])[1])
    xs, ys = zip(*([float(one) for one in CORNER.search(style).groups()] for style, _ in lines))
    long = [length(html.unescape(line), size) for _, line in lines]
    edges = {
        anchor: [x + share * wide for x, wide in zip(xs, long)]
        for anchor, share in (("start", 0), ("middle", 0.5), ("end", 1))
    }
    anchor = min(edges, key=lambda one: pstdev(edges[one]))
    step = (ys[-1] - ys[0]) / (len(ys) - 1)
    for number, line in enumerate(broken(said, max(long), size)):
        place = f'transform="translate({fmean(edges[anchor]):.2f} {ys[0] + number * step:.2f})" text-anchor="{anchor}"'
        yield f"<text {CORNER.sub(place, lines[0][0])}>{html.escape(line)}</text>\n"


def broken(text: str, width: float, size: float) -> Iterator[str]:
    """The lines of a text, none broader than `width` but for a single word."""
    for line in text.split("\n"):
        made = ""
        for word in line.split():
            if made and length(f"{made} {word}", size) > width:
                yield made
                made = word
            else:
                made = f"{made} {word}".lstrip()
        yield made


def length(text: str, size: float) -> float:
    """How long a line is, about: a syllable of Hangul is as broad as the letters are high."""
    syllables = len(HANGUL.findall(text))
    return size * (syllables + _font().getlength(HANGUL.sub("", text)) / 100)


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 100)
