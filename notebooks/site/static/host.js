// What a page does beyond being read: shows explorers as they come into sight, and counts the quiz.
// The explorers are the notebook's own: widget.js, unchanged. Here a model without a kernel stands where anywidget's would.

const course = {
  root: document.documentElement.dataset.content_root,
  widget: null,
  places: {}, // name of an explorer -> what to do once its table is there

  script(path) { // a page opened from a disk may fetch nothing, but it may add a script
    return new Promise((done, failed) => {
      document.head.append(Object.assign(document.createElement("script"), { src: course.root + path, onload: done, onerror: failed }));
    });
  },

  module(text) { return import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))); },

  explorer(name, state) { course.places[name](state); },

  model(state) { // what widget.js asks of anywidget's model
    const heard = [];
    return {
      get: (name) => state[name],
      set: (name, value) => { state[name] = value; heard.filter(([event]) => event === `change:${name}`).forEach(([, reply]) => reply()); },
      on: (...one) => heard.push(one),
      off: (event, reply) => heard.splice(0, heard.length, ...heard.filter(([e, r]) => e !== event || r !== reply)),
      save_changes() {},
      send() { throw new Error("no kernel"); },
    };
  },

  async show(place) {
    const name = place.dataset.explorer;
    const state = await new Promise((done, failed) => {
      course.places[name] = done;
      course.script(`explorers/${name}.js`).catch(failed);
    });
    course.widget ??= course.script("_static/widget.text.js").then(() => course.module(course.text));
    const { initialize, render } = (await course.widget).default(), model = course.model(state), el = document.createElement("div");
    initialize({ model });
    render({ model, el });
    const painted = new MutationObserver(() => { // the still picture makes way once the moving one is there
      if (!el.querySelector(".lm-explorer")?.dataset.painted) return;
      painted.disconnect();
      place.replaceChildren(el);
    });
    painted.observe(el, { attributes: true, subtree: true, attributeFilter: ["data-painted"] });
  },
};

function quiz(questions, score) { // the first answer counts; the others can still be read
  const marks = questions.map(() => null);
  questions.forEach((question, i) => question.querySelectorAll("details").forEach((option) => {
    option.addEventListener("toggle", () => {
      if (!option.open) return;
      marks[i] ??= option.className === "right";
      const answered = marks.filter((mark) => mark !== null).length;
      score.textContent = `${marks.filter(Boolean).length} of ${answered} right at the first try${answered < marks.length ? "" : ". That was all of them."}`;
    });
  }));
}

document.addEventListener("DOMContentLoaded", () => {
  const near = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach(({ target }) => {
    near.unobserve(target);
    course.show(target);
  }), { rootMargin: "300px" });
  document.querySelectorAll("[data-explorer]").forEach((place) => near.observe(place));
  const questions = [...document.querySelectorAll(".question")];
  if (questions.length) quiz(questions, document.querySelector(".score"));
});
