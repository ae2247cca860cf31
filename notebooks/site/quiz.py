"""The five questions of a lecture as a page asks them: an option unfolds its reason, and the page counts.

Without a script the options still unfold, as they do in the notebook.
"""

from notebooks.words import LETTERS, check_quiz, code


def quiz(questions: list[dict], lecture: str) -> str:
    check_quiz(questions)
    parts = ["## Quiz", "Choose the answer you believe in; each says why it is right or not."]
    for number, question in enumerate(questions, start=1):
        options = "".join(
            f'<details class="{"right" if option.get("right") else "wrong"}">'
            f"<summary><b>{letter}</b> {code(option['say'])}</summary><p>{code(option['why'])}</p></details>"
            for letter, option in zip(LETTERS, question["options"])
        )
        parts.append(
            f'<div class="question" role="group"><p><b>{number}.</b> {code(question["ask"])}</p>{options}</div>'
        )
    return "\n\n".join([*parts, f'<p class="score" role="status" data-lecture="{lecture}"></p>'])
