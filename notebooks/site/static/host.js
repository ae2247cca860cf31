// What a page does beyond being read: shows explorers as they come into sight.
// The explorers are the notebook's own: widget.js, unchanged. Here a model without a kernel stands where anywidget's would.
// What a table does not hold is computed in the page, by an engine out of the folder engines/.

const course = {
  root: document.documentElement.dataset.content_root,
  widget: null,
  places: {}, // name of an explorer -> what to do once its table is there
  engines: {}, // name -> (its data) -> { answer: settings -> panels }

  script(path) { // a page opened from a disk may fetch nothing, but it may add a script
    return new Promise((done, failed) => {
      document.head.append(Object.assign(document.createElement("script"), { src: course.root + path, onload: done, onerror: failed }));
    });
  },

  module(text) { return import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))); },

  async engine(name) {
    await (course.panels ??= course.script("_static/engines/panels.js"));
    course.engines[name] ?? (await course.script(`_static/engines/${name}.js`));
  },

  explorer(name, state) { course.places[name](state); },

  model({ engine, data, ...state }, stateOf) { // what widget.js asks of anywidget's model
    const heard = [], computing = engine && course.engines[engine](data);
    const tell = (event, ...words) => heard.filter(([name]) => name === event).forEach(([, reply]) => reply(...words));
    const later = () => new Promise((done) => setTimeout(done)); // the control that was moved is painted first
    return {
      computing,
      get: (name) => state[name],
      set: (name, value) => { state[name] = value; tell(`change:${name}`); },
      on: (...one) => heard.push(one),
      off: (event, reply) => heard.splice(0, heard.length, ...heard.filter(([e, r]) => e !== event || r !== reply)),
      save_changes() {},
      async send({ number, settings }) {
        const { key, value } = stateOf(state.spec.controls, settings);
        await later();
        try { tell("msg:custom", { number }, [course.panels.pack(key, await computing.answer(value))]); }
        catch (error) { tell("msg:custom", { number, problem: error.message }, []); }
      },
    };
  },

  async show(place) {
    const name = place.dataset.explorer;
    const state = await new Promise((done, failed) => {
      course.places[name] = done;
      course.script(`explorers/${name}.js`).catch(failed);
    });
    if (state.engine) await course.engine(state.engine);
    course.widget ??= course.script("_static/widget.text.js").then(() => course.module(course.text));
    const { default: made, stateOf } = await course.widget, { initialize, render } = made(), model = course.model(state, stateOf), el = document.createElement("div");
    place.model = model; // for whoever wants to compare
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

document.addEventListener("DOMContentLoaded", () => {
  const near = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach(({ target }) => {
    near.unobserve(target);
    course.show(target);
  }), { rootMargin: "300px" });
  document.querySelectorAll("[data-explorer]").forEach((place) => near.observe(place));
});
