// The pictures of an explorer as bytes, in the layout that table.py writes down. An engine, which computes in the page
// what Python computes in a notebook, makes them; widget.js cannot tell the difference, and a test compares every byte.

course.panels = (() => {
  const escape = (text) => String(text).replace(/[&<>"']/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[letter]);
  const hex = (colour) => `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  const count = (number) => number.toLocaleString("en-US");
  const number = (value) => (Number.isInteger(value) ? count(value) : String(+value.toPrecision(4)));

  function fixed(value, digits) { // as Python rounds: what lies exactly between two goes to the even one
    const halves = value * 2 ** (digits + 1);
    if (!Number.isInteger(halves) || halves % 2 === 0) return value.toFixed(digits);
    const low = Math.floor(value * 10 ** digits);
    return ((low + (low % 2)) / 10 ** digits).toFixed(digits);
  }
  const share = (part) => `${fixed(100 * part, 1)}%`;

  function rest({ marks = [], note = "" }) { // what alt text says after the numbers
    const outlined = marks.map(({ label }) => label).filter(Boolean).join(", ");
    return [outlined && `Outlined: ${outlined}`, note].filter(Boolean).map((words) => ` ${words.replace(/\.+$/, "")}.`).join("");
  }

  const over = (marks = []) => marks.map(({ top, left, height, width }) => {
    const place = `y="${16 * top}" x="${16 * left}" height="${16 * height}" width="${16 * width}"`;
    return `<rect class="mark under" ${place}/><rect class="mark" ${place}/>`;
  }).join("");

  function image({ title, size, pixels, note = "", drags = [], marks }) { // pixels: height x width x 3 bytes
    const alt = `${title}: picture of ${size[0]} x ${size[1]} pixels.${rest({ marks, note })}`;
    return (store) => ({ kind: "image", title, note, alt, drags, size, rgb: store(pixels), legend: "", over: over(marks) });
  }

  function map({ title, size, values, note = "", says = "{v}", names = {} }, table, levels, words, legend) {
    const found = [...new Set(values)].sort((a, b) => a - b), place = new Map(found.map((value, i) => [value, i])), wide = found.length > 256;
    const index = (wide ? Uint16Array : Uint8Array).from(values, (value) => place.get(value));
    const alt = `${title}: map of ${size[0]} x ${size[1]}, ${words(found, index)}.${rest({ note })}`;
    return (store) => ({
      kind: "map", title, note, alt, drags: [], size, colours: store(table), values: [store(Float64Array.from(found)), found.length],
      levels: store(Uint8Array.from(found, levels)), wide, index: store(index), says, names, legend: legend(found), over: "",
    });
  }

  function classes(panel) { // whole numbers as classes; panel.palette: a colour for each
    const { names, palette } = panel, table = Uint8Array.from({ length: 768 }, (_, i) => palette[Math.floor(i / 3) % palette.length][i % 3]);
    const words = (found, index) => {
      const counts = found.map(() => 0);
      index.forEach((i) => counts[i]++);
      return found.map((value, i) => `${names[value]} ${share(counts[i] / index.length)}`).join(", ");
    };
    const legend = (found) => found.map((value) => `<span><i style="background:${hex(palette[value % palette.length])}"></i>${escape(names[value])}</span>`).join(" ");
    return map(panel, table, (value) => value, words, legend);
  }

  function heat(panel) { // values from 0 to 1; panel.table: 256 colours
    const words = (found) => `from ${number(found[0])} to ${number(found.at(-1))}`;
    const stops = [0, 64, 128, 192, 255].map((level) => hex([...panel.table.slice(3 * level, 3 * level + 3)]));
    const scale = `<span>0<i class="scale" style="background:linear-gradient(90deg,${stops})"></i>1</span>`;
    return map(panel, panel.table, (value) => Math.round(255 * value), words, () => scale);
  }

  function readout(title, rows) {
    const svg = `<dl>${rows.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join("")}</dl>`;
    return () => ({ kind: "readout", title, note: "", alt: `${rows.map(([name, value]) => `${name}: ${value}`).join("; ")}.`, svg, legend: "" });
  }

  function pack(key, panels) { // one state: the header's length, the header, the pixels
    const parts = [];
    let end = 0;
    const store = (array) => {
      const here = end;
      parts.push([here, new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]);
      end += Math.ceil(array.byteLength / 8) * 8;
      return here;
    };
    const heads = panels.map((panel) => panel(store));
    const header = new TextEncoder().encode(JSON.stringify({ panels: heads, states: { [key]: { panels: heads.map((_, i) => i) } } }));
    const start = Math.ceil((4 + header.length) / 8) * 8, out = new Uint8Array(start + end).fill(32, 4, start);
    new DataView(out.buffer).setUint32(0, start - 4, true);
    out.set(header, 4);
    parts.forEach(([at, part]) => out.set(part, start + at));
    return out;
  }

  function confusion(predicted, truth, classes, counted = () => true) { // shares and overlaps, as course_lib.metrics counts them
    const matrix = Array.from({ length: classes }, () => Array(classes).fill(0));
    truth.forEach((label, i) => { if (counted(i)) matrix[label][predicted[i]]++; });
    const right = matrix.map((row, i) => row[i]), sum = (list) => list.reduce((a, b) => a + b, 0);
    const iou = right.map((hits, i) => hits / (sum(matrix[i]) + sum(matrix.map((row) => row[i])) - hits)), there = iou.filter((value) => !Number.isNaN(value));
    return { accuracy: sum(right) / sum(matrix.flat()), iou, mean: sum(there) / there.length };
  }

  return { image, classes, heat, readout, pack, confusion, count, number, fixed, share };
})();
