// The browser's half of every explorer: looks a setting up in the table that widget.py sent, and paints it.
// What the table does not hold it asks Python for: one question at a time, and always for the newest setting.

const BUSY = "This takes a moment; the picture follows.";
const LOST = "Only Python can draw this, and no kernel answers: run this cell again (Shift+Enter). In a saved page it cannot: open the notebook in Jupyter first.";
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e4], End: [0, 1e4], PageUp: [-8, 0], PageDown: [8, 0] };
const CELL = 16; // units of an overlay per pixel, as in svg.py
const saved = () => document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]'); // nobody answers in a page that holds its state
const OURS = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab leaves these keys to us
const words = (v) => (Number.isInteger(v) ? v.toLocaleString("en-US") : String(+v.toPrecision(4)));
const within = (v, low, high) => Math.min(high, Math.max(low, v));

function add(parent, tag, properties = {}, attributes = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

function open(buffer) { // the layout is written down in table.py
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { ...header, at: (Type, offset, count) => new Type(buffer, 4 + length + offset, count) };
}

async function unzip(text) {
  const zipped = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  return open(await new Response(stream).arrayBuffer());
}

export function stateOf(controls, settings) { // a control that does not count stands at its default; a page without a kernel asks too
  const counts = {}, value = {}, places = [];
  for (const { name, kind, when, size, values, ...control } of controls) {
    counts[name] = Object.entries(when).every(([other, allowed]) => allowed.includes(value[other]));
    const v = (value[name] = counts[name] ? settings[name] : control.default);
    places.push(kind === "grid" ? v : kind === "pixel" ? v[0] * size[1] + v[1] : values.indexOf(v));
  }
  return { counts, value, key: JSON.stringify(places) };
}

function colouring({ size: [height, width], rgb, ...panel }, data) { // -> the painted pixels, and what stands at each
  const count = height * width, image = new ImageData(width, height), out = new Uint32Array(image.data.buffer);
  const packed = (from, i) => 0xff000000 | (from[i + 2] << 16) | (from[i + 1] << 8) | from[i];
  if (panel.pieces) { // pasted as Collage.drawn() in panels.py does
    out.fill(packed(panel.paper, 0));
    for (const [at, rows, columns, top, left, h, w, y, x, high, wide] of panel.pieces) {
      const pixels = data.at(Uint8Array, at, 3 * rows * columns);
      for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) {
        const from = (top + Math.floor((i * h) / high)) * columns + left + Math.floor((j * w) / wide);
        out[(y + i) * width + x + j] = packed(pixels, 3 * from);
      }
    }
    return { image, value: () => "" };
  }
  if (rgb !== undefined) {
    const pixels = data.at(Uint8Array, rgb, 3 * count);
    for (let i = 0; i < count; i++) out[i] = packed(pixels, 3 * i);
    return { image, value: () => "" };
  }
  const values = data.at(Float64Array, ...panel.values), levels = data.at(Uint8Array, panel.levels, values.length);
  const table = data.at(Uint8Array, panel.colours, 768);
  const index = data.at(panel.wide ? Uint16Array : Uint8Array, panel.index, count);
  const colours = Uint32Array.from(levels, (level) => packed(table, 3 * level));
  for (let i = 0; i < count; i++) out[i] = colours[index[i]];
  return { image, value: (i) => panel.names[values[index[i]]] ?? words(values[index[i]]) };
}

function cursorDrawn([y, x], [height, width], [rows, columns]) { // rows x columns places on a picture of height x width
  const h = height / rows, w = width / columns, more = Math.max(0, (Math.max(height, width) / 40 - Math.max(h, w)) / 2); // never too small to see
  const box = `x="${(x * w - more) * CELL}" y="${(y * h - more) * CELL}" width="${(w + 2 * more) * CELL}" height="${(h + 2 * more) * CELL}"`;
  return `<rect class="cursor under" ${box}/><rect class="cursor" ${box}/>`;
}

function reveal(body) { // what was chosen on a drawing that scrolls comes into sight; asking where it lies costs a layout of the page
  const [{ left, right }, chosen] = [body, body.querySelector("[data-sets] .strong") ?? body].map((part) => part.getBoundingClientRect());
  if (chosen.left < left || chosen.right > right) body.scrollLeft += (chosen.left + chosen.right - left - right) / 2;
}

function guide(head, model, move) { // the tour, named states, and the line of Python that brings this state back
  const { name, presets, tour, controls } = model.get("spec"), defaults = Object.fromEntries(controls.map((one) => [one.name, one.default]));
  if (!tour.length) return;
  const bar = add(head, "div", { className: "guide" }), key = `beyond-fcn tour ${name}`;
  const button = (parent, textContent, onclick) => add(parent, "button", { type: "button", textContent, onclick }, OURS);
  const go = (settings) => move({ ...defaults, ...settings });
  const told = add(head, "div", { className: "tour", hidden: true }, { role: "region", "aria-label": "Tour" });
  const where = add(told, "p", { className: "where" }), words = add(told, "p", {}, { "aria-live": "polite" }), row = add(told, "div", { className: "guide" });
  let at = 0, shown = false;

  const remember = () => { try { localStorage.setItem(key, at); } catch { /* a page without memory starts at the first step */ } };
  function tell() {
    const { ask, explain } = tour[at];
    told.hidden = false;
    where.textContent = `Step ${at + 1} of ${tour.length}${shown ? "" : ": predict first"}`;
    words.textContent = shown ? explain : ask;
    next.textContent = !shown ? "Show me" : at < tour.length - 1 ? "Next" : "Done";
    back.disabled = !at && !shown;
    start.textContent = "Leave the tour";
    remember();
  }
  function leave() { told.hidden = true; start.textContent = at ? "Go on with the tour" : "Take the tour"; start.focus(); }
  function forward() {
    if (!shown) { go(tour[at].settings); shown = true; }
    else if (at < tour.length - 1) { at++; shown = false; }
    else { at = 0; shown = false; remember(); return leave(); }
    tell();
  }
  function backward() {
    if (!shown) at--;
    shown = !shown;
    if (shown) go(tour[at].settings);
    tell();
  }
  const start = button(bar, "Take the tour", () => (told.hidden ? (tell(), next.focus()) : leave()));
  const next = button(row, "Show me", forward), back = button(row, "Back", backward);
  try { at = Math.min(tour.length - 1, Number(localStorage.getItem(key)) || 0); } catch { at = 0; }
  if (at) start.textContent = "Go on with the tour";

  for (const [text, settings] of Object.entries(presets)) button(bar, text, () => go(settings)).className = "preset";
  button(bar, "Start again", () => go({}));
  const line = add(bar, "code", { hidden: true });
  button(bar, "Keep this state", () => {
    const now = model.get("settings"), moved = controls.filter((one) => JSON.stringify(now[one.name]) !== JSON.stringify(one.default));
    const python = (v) => (typeof v === "boolean" ? (v ? "True" : "False") : JSON.stringify(v));
    line.textContent = `explorers.${name}().at(${moved.map((one) => `${one.name}=${python(now[one.name])}`).join(", ")})`;
    line.hidden = false;
    navigator.clipboard?.writeText(line.textContent).catch(() => {}); // it stands there to be copied by hand too
  });
}

export default () => {
  let data = null, answer = null, asked = null, number = 0, lost = false; // one table for all views of this explorer
  const views = new Set(), paint = () => views.forEach((view) => view());

  function save(model) { // never while a change is being told: ipywidgets would then save, and restore, what was before
    try { model.save_changes(); } catch { lost = true; }
  }

  function ask(model, key) {
    if (asked) return; // whoever paints that answer will ask again if it has become old
    if (saved()) { lost = true; return; }
    const mine = (asked = { number: ++number, key });
    try { model.send({ number, settings: model.get("settings") }); lost = false; }
    catch { asked = null; lost = true; return; } // the kernel was restarted: nobody is left to ask
    setTimeout(() => { if (asked === mine) { mine.late = true; paint(); } }, 1500);
  }

  function answered(message, buffers) {
    if (message.number !== asked?.number) return;
    const bytes = buffers[0] && new Uint8Array(buffers[0].buffer ?? buffers[0], buffers[0].byteOffset ?? 0, buffers[0].byteLength);
    const found = bytes ? open(bytes.slice().buffer) : { states: { [asked.key]: { problem: message.problem, settings: "" } } };
    answer = { key: asked.key, data: found };
    if (!message.more) asked = null; // or a finer picture follows
    paint();
  }

  function initialize({ model }) {
    const load = async () => {
      data = model.get("table") ? await unzip(model.get("table")) : (answer = null);
      paint();
    };
    const heard = { "change:table": load, "change:settings": paint, "msg:custom": answered };
    for (const [event, reply] of Object.entries(heard)) model.on(event, reply);
    load();
    return () => {
      for (const [event, reply] of Object.entries(heard)) model.off(event, reply);
      data = answer = null;
    };
  }

  function render({ model, el }) {
    const { title, prompt, main, controls } = model.get("spec"), slots = [], follow = [], pixel = controls.find(({ kind }) => kind === "pixel");
    const root = add(el, "div", { className: "lm-explorer" }, { role: "group", "aria-label": title });
    const head = add(root, "div", { className: "head" }), stage = add(root, "div", { className: "stage" });
    add(head, "p", { className: "title", textContent: title });
    add(head, "p", { className: "prompt", textContent: prompt });
    const side = add(stage, "div", { className: "side" });
    const form = add(side, "div", { className: "controls" });
    const problem = add(side, "p", { className: "problem", hidden: true }, { role: "status" }); // beside what caused it
    const panels = add(stage, "div", { className: "panels" });
    const reading = add(root, "p", { className: "reading" });
    const spoken = add(root, "p", { className: "spoken" }, { "aria-live": "polite" });
    let cursor = null, saving, speaking, touched = false, playing;

    function move(changed) {
      touched = true;
      stop(); // a hand on anything ends what plays
      step(changed);
    }

    function step(changed) {
      panels.classList.toggle("gliding", controls.some(({ name, play }) => play && name in changed)); // before it is painted
      model.set("settings", { ...model.get("settings"), ...changed }); // paints at once, in every view
      clearTimeout(saving);
      saving = setTimeout(() => save(model), 150);
    }

    function stop() { clearInterval(playing?.timer); playing?.button.setAttribute("aria-pressed", false); playing = null; }

    function play(button, name, values) { // through states that are there or asked for, each shown before the next
      if (playing?.button === button) return stop();
      stop();
      const at = () => values.indexOf(model.get("settings")[name]), go = (i) => step({ [name]: values[i] });
      button.setAttribute("aria-pressed", true);
      if (at() === values.length - 1) go(0);
      playing = { button, timer: setInterval(() => {
        if (root.getAttribute("aria-busy") === "true") return;
        if (!lost && at() < values.length - 1) go(at() + 1);
        else stop();
      }, 700) };
    }

    guide(head, model, move);

    for (const control of controls) {
      const { name, label, kind, values, texts, play: plays } = control, keys = { ...OURS, name };
      if (kind === "pixel") continue;
      const line = add(form, kind === "grid" ? "fieldset" : "label", { className: kind });
      add(line, kind === "grid" ? "legend" : "span", { textContent: label });
      if (kind === "slider") {
        const input = add(line, "input", { type: "range", min: 0, max: values.length - 1 }, keys), shown = add(line, "output");
        input.oninput = () => move({ [name]: values[input.value] });
        follow.push((settings, counts) => {
          input.value = values.indexOf(settings[name]);
          input.disabled = !counts[name];
          shown.textContent = texts[input.value];
          input.setAttribute("aria-valuetext", texts[input.value]);
        });
      } else if (kind === "choice") {
        const input = add(line, "select", {}, keys);
        texts.forEach((text) => add(input, "option", { textContent: text }));
        input.onchange = () => move({ [name]: values[input.selectedIndex] });
        follow.push((settings, counts) => { input.selectedIndex = values.indexOf(settings[name]); input.disabled = !counts[name]; });
      } else if (kind === "switch") {
        const input = add(line, "input", { type: "checkbox" }, keys);
        input.onchange = () => move({ [name]: input.checked });
        follow.push((settings, counts) => { input.checked = settings[name]; input.disabled = !counts[name]; });
      } else {
        const { shape: [rows, columns], low, high } = control;
        const cells = add(line, "div", { className: "cells", style: `grid-template-columns:repeat(${columns},1fr)` });
        const inputs = Array.from({ length: rows * columns }, (_, i) => add(cells, "input", { type: "number", min: low, max: high },
          { ...keys, "aria-label": `row ${Math.floor(i / columns)}, column ${i % columns}` }));
        const typed = () => inputs.map(({ value }) => within(Math.round(value) || 0, low, high));
        cells.oninput = () => move({ [name]: typed() });
        cells.onchange = () => inputs.forEach((input, i) => { input.value = typed()[i]; }); // an emptied cell counts as 0, 12 as the highest: once left, it says so
        follow.push((settings) => settings[name].forEach((v, i) => { if (typed()[i] !== v || inputs[i].value === "" && document.activeElement !== inputs[i]) inputs[i].value = v; }));
      }
      if (plays) {
        const button = add(form, "button", { type: "button", className: "play", textContent: "Play", onclick: () => play(button, name, values) }, { ...OURS, "aria-pressed": false, "aria-label": `Play: ${label}` });
        follow.push((settings, counts) => { button.disabled = !counts[name]; });
      }
    }

    const moves = (i) => pixel?.panel === i && stateOf(controls, model.get("settings")).counts[pixel.name];
    const placesOn = (i) => (moves(i) ? pixel.size : slots[i].panel.size);
    const cursorOn = (i) => // a pixel that is a setting has its own panel; otherwise panels of one size share a cursor
      moves(i) ? model.get("settings")[pixel.name] : cursor && String(cursor.size) === String(slots[i].panel.size) ? cursor.at : null;

    function makeSlot(i, kind) {
      const home = kind === "readout" ? side : panels, old = slots[i]?.figure;
      const figure = add(home, "figure", { className: i === main ? `${kind} main` : kind }), made = { kind, figure, caption: add(figure, "figcaption") };
      if (old?.parentNode === home) old.replaceWith(figure);
      else old?.remove(); // a picture in the place of numbers stands among the pictures
      Object.assign(made, { body: add(figure, "div"), legend: add(figure, "div", { className: "legend" }), note: add(figure, "p", { className: "note" }) });
      const body = made.body, setBy = (element) => {
        const sets = JSON.parse(element?.closest("[data-sets]")?.dataset.sets ?? null);
        if (sets?.[pixel?.name]) cursor = { at: sets[pixel.name], size: pixel.size };
        if (sets) move(sets);
      };
      body.onclick = ({ target }) => setBy(target);
      if (kind === "chart" || kind === "diagram") body.tabIndex = 0; // what scrolls is reached by keys too
      const place = (y, x) => {
        const size = placesOn(i), at = [within(y, 0, size[0] - 1), within(x, 0, size[1] - 1)];
        [cursor, touched] = [{ at, size }, true];
        moves(i) ? move({ [pixel.name]: at }) : update();
      };
      body.onkeydown = (event) => {
        if (!KEYS[event.key] || !(made.canvas || moves(i))) return;
        event.preventDefault(); // a page that scrolls, and JupyterLab, would take them too
        event.stopPropagation();
        const [down, right] = KEYS[event.key], far = event.shiftKey ? 8 : 1, [y, x] = cursorOn(i) ?? placesOn(i).map((side) => side >> 1);
        place(y + far * down, x + far * right);
      };
      if (kind === "diagram" && pixel?.panel === i) { // its places are boxes of the drawing, and a hand may go over them
        for (const [k, v] of Object.entries({ ...OURS, role: "group", "aria-label": pixel.label })) body.setAttribute(k, v);
        body.classList.add("pulled");
        body.onpointerdown = body.onpointermove = ({ buttons, clientX, clientY }) => { if (buttons) setBy(body.getRootNode().elementFromPoint(clientX, clientY)); };
      }
      if (kind !== "map" && kind !== "image") return made;
      made.canvas = add(body, "canvas");
      body.append((made.over = document.createElementNS("http://www.w3.org/2000/svg", "svg")));
      for (const [k, v] of Object.entries({ ...OURS, tabindex: 0, role: "application", "aria-roledescription": "picture with a pixel cursor" })) body.setAttribute(k, v);
      const point = (event) => {
        const box = body.getBoundingClientRect(), [h, w] = placesOn(i);
        place(Math.floor(((event.clientY - box.top) / box.height) * h), Math.floor(((event.clientX - box.left) / box.width) * w));
      };
      let held = null; // where a picture was grabbed, and where the sliders stood that it moves
      const reach = ({ axis }, event, size) => { // in pixels of the picture as it was grabbed, along an axis or away from its middle
        const box = body.getBoundingClientRect();
        const x = ((event.clientX - box.left) / box.width) * size[1], y = ((event.clientY - box.top) / box.height) * size[0];
        return axis === "x" ? x : axis === "y" ? -y : Math.max(Math.abs(x - size[1] / 2), Math.abs(y - size[0] / 2));
      };
      const drags = () => { const { counts } = stateOf(controls, model.get("settings")); return (slots[i].panel.drags ?? []).filter(({ name }) => counts[name]); };
      const pull = (event) => {
        const changed = {}, settings = model.get("settings");
        for (const { drag, from, place, values, size } of held) {
          const to = values[within(place + Math.round((reach(drag, event, size) - from) / drag.step), 0, values.length - 1)];
          if (to !== settings[drag.name]) changed[drag.name] = to;
        }
        if (Object.keys(changed).length) move(changed);
      };
      body.onpointerdown = (event) => {
        body.setPointerCapture(event.pointerId);
        body.focus();
        point(event);
        held = drags().map((drag) => {
          const { values } = controls.find(({ name }) => name === drag.name), { size } = slots[i].panel;
          return { drag, values, size, from: reach(drag, event, size), place: values.indexOf(model.get("settings")[drag.name]) };
        });
      };
      body.onpointermove = (event) => { if (event.buttons) held?.length ? pull(event) : point(event); };
      body.onpointerup = body.onpointercancel = () => { held = null; };
      return made;
    }

    function leave(canvas) { // while it plays, the picture that was there fades
      const old = canvas.cloneNode();
      old.getContext("2d").drawImage(canvas, 0, 0);
      old.className = "leaving";
      old.onanimationend = () => old.remove();
      canvas.after(old);
    }

    function slide({ body }, { size: [height, width], moving = [], paper }, from) { // pieces on their way to where they are pasted, each a picture of its own
      body.querySelectorAll(".sliding").forEach((one) => one.remove());
      if (!panels.classList.contains("gliding")) return;
      for (const [[...piece], [top, left, high, wide]] of moving) {
        const [y, x, h, w] = piece.splice(-4), share = (part, whole) => `${(100 * part) / whole}%`;
        const one = add(body, "canvas", { className: "sliding", width: w, height: h, onanimationend: () => one.remove() });
        one.getContext("2d").putImageData(colouring({ size: [h, w], paper, pieces: [[...piece, 0, 0, h, w]] }, from).image, 0, 0);
        const place = { top: share(y, height), left: share(x, width), width: share(w, width), height: share(h, height) };
        const comes = { "--x": share(left - x, w), "--y": share(top - y, h), "--w": wide / w, "--h": high / h };
        for (const [name, value] of Object.entries({ ...place, ...comes })) one.style.setProperty(name, value);
      }
    }

    function show(made, panel, from) {
      [made.caption.textContent, made.note.textContent, made.legend.innerHTML] = [panel.title, panel.note, panel.legend];
      if (!made.canvas) {
        if (made.drawn === panel.svg) return; // the same drawing in a new answer: nothing starts to move once more
        made.drawn = panel.svg;
        const before = [...made.body.querySelectorAll("dd")].map((number) => number.textContent);
        made.body.innerHTML = panel.svg;
        made.figure.classList.toggle("narrow", Boolean(panel.narrow));
        made.body.querySelectorAll("dd").forEach((number, i) => number.classList.toggle("fresh", before.length > 0 && before[i] !== number.textContent));
        return panel.svg.includes("data-sets") && reveal(made.body);
      }
      const { image, value } = colouring(panel, from), { canvas, over, body } = made;
      if (playing) leave(canvas);
      if (canvas.width !== image.width || canvas.height !== image.height) Object.assign(canvas, { width: image.width, height: image.height });
      canvas.getContext("2d").putImageData(image, 0, 0);
      slide(made, panel, from);
      over.setAttribute("viewBox", `0 0 ${image.width * CELL} ${image.height * CELL}`);
      body.setAttribute("aria-label", panel.alt);
      body.classList.toggle("pulled", Boolean(panel.drags?.length));
      made.value = value;
    }

    function update() {
      if (!data) return;
      const settings = model.get("settings"), { key, counts } = stateOf(controls, settings);
      follow.forEach((control) => control(settings, counts));
      const from = data.states[key] ? data : answer?.key === key ? answer.data : ask(model, key);
      const state = from?.states[key];
      const late = (lost || asked?.late) && !state;
      root.setAttribute("aria-busy", !state && !lost);
      problem.hidden = !(state?.problem || late);
      problem.className = `problem${state?.impossible ? " impossible" : ""}`;
      if (late) problem.textContent = lost ? LOST : BUSY;
      else if (state?.problem) problem.textContent = state.problem + (state.impossible || !state.settings ? "" : ` (with ${state.settings}; the last good picture stays)`);
      panels.classList.toggle("stale", Boolean(state?.problem || late));
      state?.panels?.forEach((id, i) => {
        const panel = from.panels[id];
        if (slots[i]?.kind !== panel.kind) slots[i] = makeSlot(i, panel.kind);
        if (slots[i].panel !== panel) { slots[i].panel = panel; show(slots[i], panel, from); }
      });
      if (state?.panels) slots.splice(state.panels.length).forEach(({ figure }) => figure.remove());
      const drawn = slots.map((made, i) => [made, made.canvas && cursorOn(i), made.canvas && placesOn(i)]).filter(([made]) => made.canvas);
      for (const [{ over, panel }, at, places] of drawn) over.innerHTML = panel.over + (at ? cursorDrawn(at, panel.size, places) : "");
      if (slots[pixel?.panel]) slots[pixel.panel].body.ariaDescription = moves(pixel.panel) ? pixel.label : null;
      const placed = drawn.filter(([, at]) => at), touchedLast = ([, ...where]) => String(where) === String([cursor?.at, cursor?.size]);
      const told = placed.some(touchedLast) ? placed.filter(touchedLast) : placed; // one place, and what stands there
      const said = told.filter(([{ panel }]) => panel.says).map(([{ panel, value }, [y, x], [, wide]]) => `${panel.title.split(":")[0]}: ${panel.says.replace("{v}", value(y * wide + x))}`);
      const [{ panel } = {}, at, places] = told[0] ?? [], counted = panel && String(places) !== String(panel.size) ? ` of ${places.join(" x ")} places` : "";
      reading.textContent = at ? `Row ${at[0]}, column ${at[1]}${counted}${said.length ? ". " : ""}${said.join("; ")}` : "";
      clearTimeout(speaking); // a drag is announced once, where it ends
      if (touched) speaking = setTimeout(() => { spoken.textContent = [reading.textContent, ...slots.filter(({ kind }) => kind === "readout").map(({ panel }) => panel.alt)].join(" "); }, 500);
      root.dataset.painted = state ? key : root.dataset.painted ?? "";
    }

    views.add(update);
    update();
    return () => { // JupyterLab keeps the comms of closed widgets, and by them el: nothing heavy may hang on it
      stop();
      [saving, speaking].forEach(clearTimeout);
      views.delete(update);
      slots.length = follow.length = 0;
      el.replaceChildren();
    };
  }

  return { initialize, render };
};
