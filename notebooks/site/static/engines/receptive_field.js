// What one unit sees of a picture. The theoretical field is arithmetic on a stored trace: which rows and which columns a
// unit reads. The gradient is a linear map of the unit for a fixed picture: a network of its own, run backwards. What is
// hidden runs forwards: the network in stages, each layer once for every patch, coarse patches first.

course.engines.receptive_field = ({ size, step, image, objects, layers, trace, heat, ends, weights, backward }, script) => {
  const ALONE = { show() {}, progress() {}, stopped: () => false }; // for whoever wants the last answer only
  const { count, fixed, share, ...panels } = course.panels, [height, width] = size, pixels = height * width, LUO = 1 - 0.9545;
  const bytes = course.bytes(image), things = course.bytes(objects), table = course.bytes(heat);
  const rint = (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
  const light = Float32Array.from(bytes, (value) => Math.fround(255 * Math.fround(value / 255))); // as torch keeps it
  let read = null, seeds = null, parts = null;

  async function traced() { // layer -> which rows and columns of the picture each row and column of units reads
    if (read) return read;
    const all = new Uint8Array(await course.unpack(trace)), found = {};
    let at = 0;
    const lines = (units, side) => Array.from({ length: units }, () => all.subarray(at, (at += side)));
    for (const [name, { units }] of Object.entries(layers)) found[name] = [lines(units[0], height), lines(units[1], width)];
    return (read = found);
  }

  const within = (line) => [line.indexOf(1), line.lastIndexOf(1) + 1];
  const unitAt = (place, units) => place.map((position, axis) => Math.min(units[axis] - 1, Math.trunc(((position + 0.5) * step * units[axis]) / size[axis])));

  function thingUnder(unit, units) {
    const [y, x] = unit.map((at, axis) => Math.min(size[axis] - 1, Math.trunc(((at + 0.5) * size[axis]) / units[axis])));
    return things[y * width + x];
  }

  async function gradient(unit, name) { // |gradient| of the unit, summed over the picture's channels
    const { name: title, inputs } = backward, { units, signs, stored } = layers[name], feeds = {};
    for (const [input, shape] of Object.entries(inputs)) feeds[input] = [new Float32Array(shape.reduce((a, b) => a * b)), shape];
    if (stored) { // too many weights lie between: what arrives before them is stored for each unit
      seeds ??= new Float32Array(await course.unpack(stored.seeds));
      const [values, [, channels, rows, columns]] = feeds[stored.input], { window } = stored, own = (unit[0] * units[1] + unit[1]) * channels * window * window;
      for (let c = 0, at = own; c < channels; c++) for (let y = 0; y < window; y++) for (let x = 0; x < window; x++, at++) {
        values[(c * rows + unit[0] + y) * columns + unit[1] + x] = seeds[at];
      }
    } else {
      const [values] = feeds[layers[name].input];
      signs.forEach((sign, c) => { values[(c * units[0] + unit[0]) * units[1] + unit[1]] = sign; });
    }
    return (await (await course.session(title, backward)).run(feeds)).scores.data;
  }

  async function forwards(layer) { // -> a function: a picture -> the map of this layer
    const chain = [];
    for (const [end, { asks, onnx }] of Object.entries(parts.stages)) {
      chain.push({ asks, run: (await course.session(`${script} ${end}`, { onnx })).run });
      if (end === layer) break;
    }
    return async (picture) => {
      const known = { map: [picture, [1, 3, height, width]] };
      for (const { asks, run } of chain) {
        const { scores, ...places } = await run(Object.fromEntries(asks.map((one) => [one, known[one]])));
        Object.assign(known, places, { map: scores });
      }
      return known.map;
    };
  }

  function starts(line, side) { // patches side by side, the last at the edge, and of these the ones that touch what is read
    const found = [];
    for (let at = 0; at < line.length - side; at += side) found.push(at);
    return [...found, line.length - side].filter((at) => line.subarray(at, at + side).includes(1));
  }

  async function* changes(unit, layer, lines, sides) { // for each patch how much the unit changes, on average over its channels
    const seen = await forwards(layer), scene = Float32Array.from(bytes, (_, i) => bytes[3 * (i % pixels) + Math.floor(i / pixels)] / 255);
    const cover = new Float32Array(await course.unpack(parts.hidden));
    const values = async (picture) => {
      const { data, dims: [, channels, rows, columns] } = await seen(picture);
      return Float32Array.from({ length: channels }, (_, c) => data[(c * rows + unit[0]) * columns + unit[1]]);
    };
    const clean = await values(scene);
    for (const side of sides) for (const top of starts(lines[0], side)) for (const left of starts(lines[1], side)) {
      const picture = scene.slice();
      for (let c = 0; c < 3; c++) for (let y = top; y < top + side; y++) {
        const from = c * pixels + y * width + left;
        picture.set(cover.subarray(from, from + side), from);
      }
      yield { side, top, left, change: (await values(picture)).reduce((sum, value, c) => sum + Math.abs(value - clean[c]), 0) / clean.length };
    }
  }

  async function hidden(unit, layer, lines, mask, working) { // -> each pixel's mean change over the patches on it, by the finest patches that all were laid
    parts ??= await course.fetched(script);
    const sides = [parts.patch];
    while (10 * sides[0] <= Math.min(...size)) sides.unshift(2 * sides[0]);
    const counts = sides.map((side) => starts(lines[0], side).length * starts(lines[1], side).length), all = counts.reduce((a, b) => a + b);
    let found = all ? null : { side: parts.patch, map: new Float64Array(pixels) }, done = 0, open = 0, sum, number, rested = performance.now();
    for await (const { side, top, left, change } of changes(unit, layer, lines, sides)) {
      if (!open) [open, sum, number] = [counts[sides.indexOf(side)], new Float64Array(pixels), new Float64Array(pixels)];
      for (let y = top; y < top + side; y++) for (let x = left; x < left + side; x++) { sum[y * width + x] += change; number[y * width + x]++; }
      working.progress(++done, all);
      if (!--open) {
        found = { side, map: sum.map((total, i) => (mask[i] && number[i] ? total / number[i] : 0)) };
        if (side > parts.patch) working.show(found);
      }
      if (performance.now() - rested > 30) { // the page stays alive, and a button can be pressed
        await new Promise((done) => setTimeout(done));
        rested = performance.now();
      }
      if (working.stopped()) break;
    }
    return found;
  }

  function radius(map, mass) { // of the disc round the centroid that holds this share of the weight, as Spread.radius
    const total = map.reduce((a, b) => a + b, 0), mean = (position) => map.reduce((sum, weight, i) => sum + weight * position(i), 0) / total;
    const y = mean((i) => Math.floor(i / width)), x = mean((i) => i % width), rings = new Map();
    map.forEach((weight, i) => {
      if (weight <= 0) return;
      const distance = Math.round(Math.hypot(Math.floor(i / width) - y, (i % width) - x) * 1e9) / 1e9;
      rings.set(distance, (rings.get(distance) ?? 0) + weight / total);
    });
    let held = 0, before = null;
    for (const [distance, weight] of [...rings].sort(([a], [b]) => a - b)) {
      if (held + weight >= mass) return before === null ? distance : before + ((mass - held) / weight) * (distance - before);
      [held, before] = [held + weight, distance];
    }
    return before;
  }

  function painted(mask, map, peak) {
    const [red, green, blue] = [230, 80, 0], over = [red, green, blue];
    return Uint8Array.from(light, (value, i) => {
      const pixel = Math.floor(i / 3), warm = map ? Math.sqrt(map[pixel] / peak) * 0.85 : 0, shown = map ? (1 - warm) * value + warm * over[i % 3] : value;
      return rint(mask[pixel] ? shown : 0.25 * shown);
    });
  }

  function covers(unit, name, mask, map, peak) { // does the field cover the thing that the unit lies on?
    const thing = thingUnder(unit, layers[name].units);
    if (!thing) return [["Does it cover this object?", "no object here"]];
    const inside = [...things.keys()].filter((i) => things[i] === thing), part = (seen) => inside.filter(seen).length / inside.length;
    const whole = part((i) => mask[i]), rows = [["Does it cover this object?", whole === 1 ? "yes, all of it" : `${share(whole)} of it`]];
    if (map) rows.push(["And effectively?", `${share(part((i) => map[i] > LUO * peak))} of it`]);
    return rows;
  }

  async function answer({ place, layer, gradient: looks, occlusion }, working = ALONE) {
    const { units, unclipped } = layers[layer], unit = unitAt(place, units), lines = (await traced())[layer].map((all, axis) => all[unit[axis]]);
    const [row, column] = lines, mask = Uint8Array.from({ length: pixels }, (_, i) => row[Math.floor(i / width)] & column[i % width]);
    const [[top, bottom], [left, right]] = mask.includes(1) ? [within(row), within(column)] : [[0, 0], [0, 0]];
    const map = looks ? Float64Array.from(await gradient(unit, layer), (value, i) => value * mask[i]) : null, peak = map ? Math.max(...map) : 0;
    if (map && !peak) throw new Error("The gradient is zero everywhere: the picture does not move this unit. Try another place or another layer.");
    const seen = mask.reduce((a, b) => a + b, 0), box = `${bottom - top} x ${right - left}, from (${top}, ${left})`;
    const spread = (name, weight) => [
      [`${name}: half of the weight within`, `${fixed(radius(weight, 0.5), 1)} px`],
      [`${name}: 95.45 % of the weight within`, `${fixed(radius(weight, 0.9545), 1)} px`],
    ];

    function told(hides) { // hides: what a sweep found, or nothing
      const rows = [
        ["Unit", `(${unit.join(", ")}) of ${units.join(" x ")}`], ["Theoretical size, unclipped", unclipped],
        ["Box on this picture", box], ["Pixels it can see", `${count(seen)} of ${count(pixels)} (${share(seen / pixels)})`],
      ];
      if (map) rows.push(...spread("Effective", map));
      if (hides?.map.some((value) => value > 0)) rows.push(...spread("Empirical", hides.map));
      if (map) rows.push(["These weights", weights]);
      const marks = [{ top, left, height: bottom - top, width: right - left, label: `box ${box}` }];
      return [
        panels.image({ title: "Shaded: what the unit cannot see", size, pixels: painted(mask, map, peak), marks, note: "Click or use the arrow keys to choose another unit. Outlined: its box." }),
        field(mask, map, hides),
        panels.readout("In numbers", [...rows, ...covers(unit, layer, mask, map, peak)]),
      ];
    }

    const show = (found) => working.show(told(found));
    return told(occlusion ? await hidden(unit, layer, lines, mask, { ...working, show }) : null);
  }

  function field(mask, looks, hides) { // what can be read; or how much each pixel weighs
    const shown = hides?.map ?? looks, peak = shown ? Math.max(...shown) : 0;
    if (!shown) return panels.classes({ title: "The field: theoretical", size, values: mask, names: { 0: "cannot be read", 1: "can be read" }, palette: ends });
    const note = peak ? "1 is the pixel that moves the unit most." : "No pixel moves this unit at this picture.";
    const coarse = hides?.side > parts?.patch ? ` So far in patches of ${hides.side} x ${hides.side} pixels.` : "";
    const values = shown.map((value) => rint((1e4 * value) / (peak || 1)) / 1e4);
    return panels.heat({ title: `The field: ${hides ? "empirical (occlusion)" : "effective (gradient)"}`, size, values, says: "{v} of the strongest", table, note: note + coarse });
  }

  return { answer, gradient };
};
