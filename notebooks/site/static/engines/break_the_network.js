// A scene that is edited in the page, and trained networks that answer. The scene's parts are stored for every knob that
// paints them anew; the hull of the harbour is set down here. The film is that of course_lib.scenes.film, pixel for pixel.

course.engines.break_the_network = ({ worlds, side, step, drags }) => {
  const { confusion, fixed, share, ...panels } = course.panels, unpacked = {};
  const integers = (text) => new Int16Array(course.bytes(text).buffer);

  async function planes(world, scene) { // of one scene, for all knobs: bytes that say which part each pixel shows
    return (unpacked[`${world} ${scene}`] ??= new Uint8Array(await course.unpack(worlds[world].planes[scene])));
  }

  function plane(all, knobs, settings) { // the knobs are stored from the slowest to the fastest
    const place = knobs.reduce((at, { name, values }) => at * values.length + values.indexOf(settings[name]), 0);
    return all.slice(place * side * side, (place + 1) * side * side);
  }

  function setDown(parts, { patch, height, width }, [row, column], [left, right]) { // -> the class of the hull, which stands in the plane afterwards
    const at = (place, long) => Math.min(Math.max(step * place + step / 2 - Math.floor(long / 2), 0), side - long);
    const y = at(row, height), x = at(column, width), hull = course.bytes(patch);
    hull.forEach((part, i) => {
      const pixel = (y + Math.floor(i / width)) * side + x + (i % width);
      parts[pixel] = Math.max(parts[pixel], part);
    });
    return right === null ? left : left !== (2 * x + width > side);
  }

  function developed(parts, colours, roughness, tones, noise) { // -> height x width x 3 bytes
    const out = new Uint8Array(3 * side * side), flat = new Int16Array(side * side);
    for (let c = 0; c < 3; c++) {
      parts.forEach((part, i) => { flat[i] = colours[3 * part + c] + (2 * tones[i] - 3) * roughness[part]; });
      for (let i = 0; i < flat.length; i++) {
        const y = Math.floor(i / side), x = i % side, border = !y || !x || y === side - 1 || x === side - 1;
        const soft = border ? flat[i] : (12 * flat[i] + flat[i - 1] + flat[i + 1] + flat[i - side] + flat[i + side] + 8) >> 4;
        out[3 * i + c] = Math.min(Math.max(soft + noise[i], 0), 255);
      }
    }
    return out;
  }

  async function edited(settings) { // -> the pixels and the truth
    const { knobs, looks, variant, roughness, hulls } = worlds[settings.world], scene = looks[variant ? settings[variant] : ""][settings.scene];
    const parts = plane(await planes(settings.world, settings.scene), knobs, settings), classOf = [...course.bytes(scene.kinds)];
    if (hulls) {
      const wet = setDown(parts, scene, settings.hull, hulls.wet[settings.surface]);
      hulls.parts.forEach((part) => { classOf[part] = hulls.classes[wet ? 0 : 1]; });
    }
    const pixels = developed(parts, integers(scene.colours), roughness, course.bytes(scene.tones), integers(scene.noise));
    return { pixels, truth: parts.map((part) => classOf[part]) };
  }

  async function label(pixels, name) {
    const values = Float32Array.from({ length: pixels.length }, (_, i) => pixels[3 * (i % (side * side)) + Math.floor(i / (side * side))]);
    const scores = await (await course.session(name)).ask(values), count = side * side, classes = scores.length / count;
    const best = Uint8Array.from({ length: count }, (_, i) => {
      let high = 0;
      for (let c = 1; c < classes; c++) if (scores[c * count + i] > scores[high * count + i]) high = c;
      return high;
    });
    return { best, scores };
  }

  async function answer(settings) {
    const { networks, classes, palette, note, things } = worlds[settings.world], size = [side, side], names = Object.fromEntries(classes.entries());
    const { pixels, truth } = await edited(settings), shared = { size, names, palette }, said = {};
    for (const [title, name] of Object.entries(networks)) said[title] = (await label(pixels, name)).best;
    const told = Object.values(said), scores = told.map((labels) => confusion(labels, truth, classes.length));
    const rows = [["pixels right", scores.map(({ accuracy }) => share(accuracy)).join(" / ")]];
    if (things.length) {
      const there = [...truth.keys()].filter((i) => things.includes(classes[truth[i]]));
      const right = told.map((labels) => (there.length ? share(Math.fround(there.filter((i) => labels[i] === truth[i]).length / there.length)) : "nan%"));
      rows.push([`pixels of ${things.join(" and ")} right`, right.join(" / ")]);
    }
    for (const index of [...new Set(truth)].sort((a, b) => a - b)) rows.push([`IoU of ${classes[index]}`, scores.map(({ iou }) => fixed(iou[index], 2)).join(" / ")]);
    return [
      panels.image({ title: "The scene: drag in it", size, pixels, note, drags }),
      panels.classes({ ...shared, title: "Truth", values: truth }),
      ...Object.entries(said).map(([title, values]) => panels.classes({ ...shared, title, values })),
      panels.readout(Object.keys(networks).join(" / "), rows),
    ];
  }

  return { answer, edited, label };
};
