// What one unit sees of a picture. The theoretical field is arithmetic on a stored trace: which rows and which columns a
// unit reads. The gradient is a linear map of the unit for a fixed picture: a network of its own, run backwards.

course.engines.receptive_field = ({ size, step, image, objects, layers, trace, heat, ends, backward }) => {
  const { count, fixed, share, ...panels } = course.panels, [height, width] = size, pixels = height * width, LUO = 1 - 0.9545;
  const bytes = course.bytes(image), things = course.bytes(objects), table = course.bytes(heat);
  const rint = (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
  const light = Float32Array.from(bytes, (value) => Math.fround(255 * Math.fround(value / 255))); // as torch keeps it
  let read = null, seeds = null;

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
    return (await course.session(title, backward)).run(feeds);
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

  async function answer({ place, layer, gradient: looks, occlusion }) {
    if (occlusion) throw new Error("Hiding the picture patch by patch runs the network hundreds of times: this switch works in the notebook only.");
    const { units, unclipped } = layers[layer], unit = unitAt(place, units), [down, across] = (await traced())[layer];
    const row = down[unit[0]], column = across[unit[1]], mask = Uint8Array.from({ length: pixels }, (_, i) => row[Math.floor(i / width)] & column[i % width]);
    const [[top, bottom], [left, right]] = mask.includes(1) ? [within(row), within(column)] : [[0, 0], [0, 0]];
    const map = looks ? Float64Array.from(await gradient(unit, layer), (value, i) => value * mask[i]) : null, peak = map ? Math.max(...map) : 0;
    if (map && !peak) throw new Error("The gradient is zero everywhere: the picture does not move this unit. Try another place or another layer.");
    const seen = mask.reduce((a, b) => a + b, 0), box = `${bottom - top} x ${right - left}, from (${top}, ${left})`;
    const rows = [
      ["Unit", `(${unit.join(", ")}) of ${units.join(" x ")}`], ["Theoretical size, unclipped", unclipped],
      ["Box on this picture", box], ["Pixels it can see", `${count(seen)} of ${count(pixels)} (${share(seen / pixels)})`],
    ];
    if (map) {
      rows.push(["Effective: half of the weight within", `${fixed(radius(map, 0.5), 1)} px`], ["Effective: 95.45 % of the weight within", `${fixed(radius(map, 0.9545), 1)} px`]);
      rows.push(["These weights", "as built, not trained"]);
    }
    const marks = [{ top, left, height: bottom - top, width: right - left, label: `box ${box}` }];
    const field = map
      ? panels.heat({ title: "The field: effective (gradient)", size, values: map.map((value) => rint((1e4 * value) / peak) / 1e4), says: "{v} of the strongest", table, note: "1 is the pixel that moves the unit most." })
      : panels.classes({ title: "The field: theoretical", size, values: mask, names: { 0: "cannot be read", 1: "can be read" }, palette: ends });
    return [
      panels.image({ title: "Shaded: what the unit cannot see", size, pixels: painted(mask, map, peak), marks, note: "Click or use the arrow keys to choose another unit. Outlined: its box." }),
      field,
      panels.readout("In numbers", [...rows, ...covers(unit, layer, mask, map, peak)]),
    ];
  }

  return { answer, gradient };
};
