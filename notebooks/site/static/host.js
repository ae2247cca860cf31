// What a page does beyond being read: shows explorers as they come into sight.
// The explorers are the notebook's own: widget.js, unchanged. Here a model without a kernel stands where anywidget's would.
// What a table does not hold is computed in the page, by an engine out of the folder engines/.

const course = {
  root: document.documentElement.dataset.content_root,
  widget: null,
  places: {}, // name of an explorer -> what to do once its table is there
  engines: {}, // name -> (its data, the explorer's script) -> { answer: (settings, progress) -> panels }

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

  bar() { // how far a long answer is, and a button that ends it
    const bar = Object.assign(document.createElement("div"), { className: "working", hidden: true });
    const meter = document.createElement("progress"), stop = Object.assign(document.createElement("button"), { type: "button", textContent: "Stop" });
    meter.setAttribute("aria-label", "Patches hidden");
    bar.append(meter, stop);
    return { bar, meter, stop };
  },

  model({ engine, data, ...state }, stateOf, name, { bar, meter, stop }) { // what widget.js asks of anywidget's model
    const heard = [], computing = engine && course.engines[engine](data, name);
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
        const keyed = (all) => stateOf(state.spec.controls, all), { key, value } = keyed(settings), from = document.activeElement;
        const told = (panels, more) => tell("msg:custom", { number, more }, [course.panels.pack(key, panels)]);
        let ended = false;
        stop.onclick = () => { ended = true; };
        const working = {
          show: (panels) => told(panels, true),
          progress: (done, all) => { Object.assign(meter, { max: all, value: done }); bar.hidden = false; },
          stopped: () => ended || keyed(state.settings).key !== key, // nobody waits for a setting that was left
        };
        await later();
        try {
          if (!computing) throw new Error("Only Python can do this: open the notebook in Jupyter.");
          told(await computing.answer(value, working), false);
        }
        catch (error) { tell("msg:custom", { number, problem: error.message }, []); }
        if (document.activeElement === stop) from.focus();
        bar.hidden = true;
      },
    };
  },

  async show(place) {
    const name = place.dataset.explorer;
    const state = await new Promise((done, failed) => {
      course.places[name] = done;
      course.script(`explorers/${name}.js`).catch(failed);
    });
    Object.assign(state.settings, JSON.parse(place.dataset.start ?? "{}"));
    if (state.engine) await course.engine(state.engine);
    course.widget ??= course.script("_static/widget.text.js").then(() => course.module(course.text));
    const { default: made, stateOf } = await course.widget, { initialize, render } = made(), parts = course.bar(), model = course.model(state, stateOf, name, parts), el = document.createElement("div");
    place.model = model; // for whoever wants to compare
    initialize({ model });
    render({ model, el });
    el.append(parts.bar);
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
