// The dense CRF in the page: mean field with every pair of pixels, as course_lib.crf computes it with its exact engine.

course.engines.crf = ({ size, image, mask, band, unary, classes, palette, changes, change, voided }) => {
  const { bytes } = course, { confusion, count, fixed, share, ...panels } = course.panels;
  const [height, width] = size, pixels = height * width, labels = classes.length;
  const colours = bytes(image), truth = bytes(mask), near = bytes(band), p = new Float32Array(bytes(unary).buffer);
  const CERTAIN = 1e-8, log = Float64Array.from(p, (value) => Math.log(Math.max(value, CERTAIN)));
  let kept = {}; // the kernels of the last thetas: weights and iterations are no part of them

  function kernel(near, alike, unlike) { // K of every pair i < j, and the scale that makes its rows even
    const pairs = new Float32Array((pixels * (pixels - 1)) / 2), sums = new Float64Array(pixels).fill(1); // the self term is 1
    for (let i = 0, at = 0; i < pixels; i++) {
      const y = Math.floor(i / width), x = i % width;
      for (let j = i + 1; j < pixels; j++, at++) {
        const down = Math.floor(j / width) - y, across = (j % width) - x;
        const value = near[down * down + across * across] * (alike ? alike[unlike(i, j)] : 1);
        pairs[at] = value;
        sums[i] += value;
        sums[j] += value;
      }
    }
    return { pairs, scale: sums.map((sum) => 1 / Math.sqrt(sum)) };
  }

  const faded = (theta, most) => Float64Array.from({ length: most + 1 }, (_, squared) => Math.exp(-squared / (2 * theta * theta)));
  const reach = (theta) => faded(theta, (height - 1) ** 2 + (width - 1) ** 2);
  const unlike = (i, j) => (colours[3 * i] - colours[3 * j]) ** 2 + (colours[3 * i + 1] - colours[3 * j + 1]) ** 2 + (colours[3 * i + 2] - colours[3 * j + 2]) ** 2;

  function remembered(name, thetas, make) {
    if (kept[name]?.thetas !== String(thetas)) kept[name] = { thetas: String(thetas), ...make() };
    return kept[name];
  }

  function filtered({ pairs, scale }, q, weight, message) { // adds weight D^-1/2 K D^-1/2 q
    const scaled = q.map((value, i) => value * scale[i]), out = scaled.slice();
    for (let i = 0, at = 0; i < pixels; i++) {
      const mine = scaled[i];
      let sum = 0;
      for (let j = i + 1; j < pixels; j++, at++) {
        sum += pairs[at] * scaled[j];
        out[j] += pairs[at] * mine;
      }
      out[i] += sum;
    }
    out.forEach((value, i) => { message[i] += weight * value * scale[i]; });
  }

  function softmax(scores) { // over the classes, at each pixel
    const out = scores.map((plane) => plane.slice());
    for (let i = 0; i < pixels; i++) {
      const most = Math.max(...scores.map((plane) => plane[i])), parts = scores.map((plane) => Math.exp(plane[i] - most)), sum = parts.reduce((a, b) => a + b);
      parts.forEach((part, c) => { out[c][i] = part / sum; });
    }
    return out;
  }

  function meanField({ iterations, w1, theta_xy, theta_rgb, w2, theta }) { // -> a plane of probabilities for each class
    const logs = classes.map((_, c) => log.slice(c * pixels, (c + 1) * pixels));
    if (!iterations) return classes.map((_, c) => Float64Array.from(p.slice(c * pixels, (c + 1) * pixels)));
    const kernels = [];
    if (w1) kernels.push([w1, remembered("appearance", [theta_xy, theta_rgb], () => kernel(reach(theta_xy), faded(theta_rgb, 3 * 255 ** 2), unlike))]);
    if (w2) kernels.push([w2, remembered("smoothness", [theta], () => kernel(reach(theta)))]);
    let q = softmax(logs);
    for (let step = 0; step < iterations; step++) {
      const messages = logs.map((plane) => plane.slice());
      for (const [weight, one] of kernels) q.forEach((plane, c) => filtered(one, plane, weight, messages[c]));
      q = softmax(messages);
    }
    return q;
  }

  const highest = (planes) => Uint8Array.from({ length: pixels }, (_, i) => planes.reduce((best, plane, c) => (plane[i] > planes[best][i] ? c : best), 0));

  function answer(settings) {
    const before = highest(meanField({ iterations: 0 })), after = highest(meanField(settings)), moved = (i) => before[i] !== after[i];
    const states = Uint8Array.from(truth, (label, i) => (label === voided ? 4 : !moved(i) ? 0 : after[i] === label ? 1 : before[i] === label ? 2 : 3));
    const gained = truth.filter((label, i) => moved(i) && after[i] === label).length, lost = truth.filter((label, i) => moved(i) && before[i] === label).length;
    const known = (i) => truth[i] !== voided, rows = [];
    for (const [when, label] of [["before", before], ["after", after]]) {
      const { accuracy, mean } = confusion(label, truth, labels, known);
      rows.push([`Pixel accuracy ${when}`, fixed(accuracy, 4)], [`Mean IoU ${when}`, fixed(mean, 4)]);
      rows.push([`IoU in a 2-pixel band ${when}`, fixed(confusion(label, truth, labels, (i) => near[i]).mean, 4)]);
    }
    rows.push(["Pixels that changed class", share(before.filter((_, i) => moved(i)).length / pixels)]);
    const names = Object.fromEntries(classes.entries()), shared = { size, names, palette };
    return [
      panels.image({ title: "Photograph", size, pixels: colours }),
      panels.classes({ ...shared, title: "Before: a coarse map", values: before }),
      panels.classes({ ...shared, title: "After", values: after }),
      panels.classes({ size, title: "What changed", values: states, names: changes, palette: change, note: `${count(gained)} pixels became right, ${count(lost)} wrong.` }),
      panels.readout("In numbers", rows),
    ];
  }

  return { answer, meanField };
};
