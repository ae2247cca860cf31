// What a reader has answered: quizzes and the exercises that the page can judge. Kept in this browser, nowhere else; the
// page "Your progress" saves it as a file that belongs to the reader.

course.record = (() => {
  const KEY = "beyond-fcn record", EMPTY = { course: "Beyond FCN", student: "", solved: [], quiz: {} };
  const read = () => { try { return { ...EMPTY, ...JSON.parse(localStorage.getItem(KEY)) }; } catch { return { ...EMPTY }; } };
  const write = (record) => { try { localStorage.setItem(KEY, JSON.stringify(record)); } catch { /* a browser without memory forgets when the page is left */ } };
  const numbers = (text) => text.split(".").map(Number), byNumber = (a, b) => numbers(a)[0] - numbers(b)[0] || numbers(a)[1] - numbers(b)[1];

  function solve(number) {
    const record = read();
    if (!record.solved.includes(number)) write({ ...record, solved: [...record.solved, number].sort(byNumber) });
  }

  function merged(file) { // a record of this page, or the list that the notebooks keep in .beyond_fcn_progress.json
    const mine = read(), theirs = Array.isArray(file) ? { solved: file } : (file.record ?? file);
    if (!Array.isArray(theirs.solved)) throw new Error("no list of solved exercises in it");
    const solved = [...new Set([...mine.solved, ...theirs.solved.map(String)])].sort(byNumber);
    return { ...mine, student: mine.student || theirs.student || "", solved, quiz: { ...theirs.quiz, ...mine.quiz } };
  }

  return { read, write, solve, merged, forget: () => write(EMPTY) };
})();

function quiz(questions, score) { // the first answer counts; the others can still be read
  const { lecture } = score.dataset, options = questions.map((question) => [...question.querySelectorAll("details")]);
  const marks = questions.map((_, i) => course.record.read().quiz[lecture]?.[i] ?? null);
  const tell = () => {
    const answered = marks.filter((mark) => mark !== null).length;
    score.textContent = answered ? `${marks.filter(Boolean).length} of ${answered} right at the first try${answered < marks.length ? "" : ". That was all of them."}` : "";
  };
  options.forEach((each, i) => each.forEach((option) => option.addEventListener("toggle", () => {
    if (!option.open) return;
    if (marks[i] === null) {
      marks[i] = option.className === "right";
      const record = course.record.read();
      course.record.write({ ...record, quiz: { ...record.quiz, [lecture]: marks } });
    }
    tell();
  })));
  tell();
}

function exercise(room) { // the outcomes are the checker's own: one for each answer that can be given
  const told = JSON.parse(room.querySelector("script").textContent), said = room.querySelector("output"), number = room.dataset.exercise;
  const [check, hint] = room.querySelectorAll("button"), boxes = [...room.querySelectorAll("input")];
  let hints = 0;
  const show = ({ kind, lines }) => {
    said.className = kind.replaceAll(" ", "-");
    said.replaceChildren(...[`Exercise ${number}: ${kind}`, ...lines].map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  };
  check.onclick = () => {
    const outcome = told.outcomes[boxes.filter((box) => box.checked).map((box) => box.value).join("")];
    if (outcome.kind === "correct") course.record.solve(number);
    show(outcome);
  };
  hint.onclick = () => { show({ kind: `hint ${(hints % told.hints.length) + 1} of ${told.hints.length}`, lines: [told.hints[hints++ % told.hints.length]] }); };
  if (course.record.read().solved.includes(number)) show({ kind: "correct", lines: ["You solved it before."] });
  room.hidden = false;
}

function progress(room) {
  const part = (name) => room.querySelector(`[name=${name}]`), said = room.querySelector("output");
  function show() {
    const { student, solved, quiz } = course.record.read();
    part("student").value = student;
    room.querySelectorAll("[data-lecture]").forEach((row) => {
      const marks = quiz[row.dataset.lecture] ?? [], own = row.dataset.exercises.split(" ").filter(Boolean), won = own.filter((number) => solved.includes(number));
      const [first, second] = row.querySelectorAll("td");
      first.textContent = marks.some((mark) => mark !== null) ? `${marks.filter(Boolean).length} of ${marks.length}` : "not yet";
      second.textContent = `${won.length} of ${own.length}`;
    });
  }
  part("student").oninput = ({ target }) => course.record.write({ ...course.record.read(), student: target.value });
  part("save").onclick = () => {
    const record = { ...course.record.read(), saved: new Date().toISOString().slice(0, 10) };
    const href = URL.createObjectURL(new Blob([JSON.stringify(record, null, 2)], { type: "application/json" }));
    Object.assign(document.createElement("a"), { href, download: "beyond_fcn_record.json" }).click();
    said.textContent = "Saved as beyond_fcn_record.json. The file is yours.";
  };
  part("load").onchange = async ({ target }) => {
    const [file] = target.files;
    try { course.record.write(course.record.merged(JSON.parse(await file.text()))); said.textContent = `${file.name} was added.`; }
    catch (error) { said.textContent = `${file.name} is no record (${error.message}); expected the file that this page saves, or .beyond_fcn_progress.json of the notebooks.`; }
    show();
  };
  part("forget").onclick = () => { course.record.forget(); said.textContent = "Nothing is kept any more."; show(); };
  show();
  room.hidden = false;
}

document.addEventListener("DOMContentLoaded", () => {
  const questions = [...document.querySelectorAll(".question")];
  if (questions.length) quiz(questions, document.querySelector(".score"));
  document.querySelectorAll(".answer").forEach(exercise);
  document.querySelectorAll(".progress").forEach(progress);
});
