// Labels a photograph inside the page. The steps and their numbers are those of course_lib.segment: shrink to the
// network's size with averaging, ask the network, enlarge the scores bilinearly, take the highest.

(() => {
  const UNPACKING = "The network is being unpacked; this happens once.";

  function taps(from, to) { // which pixels of a line each pixel of a shorter line averages, and how much of each
    const scale = from / to, reach = Math.max(scale, 1);
    return Array.from({ length: to }, (_, i) => {
      const centre = scale * (i + 0.5), first = Math.max(Math.trunc(centre - reach + 0.5), 0), last = Math.min(Math.trunc(centre + reach + 0.5), from);
      const weights = Array.from({ length: last - first }, (_, j) => Math.max(0, 1 - Math.abs((j + first + 0.5 - centre) / reach)));
      const sum = weights.reduce((a, b) => a + b);
      return { first, weights: weights.map((weight) => weight / sum) };
    });
  }

  function shrunk({ data, width, height }, [rows, columns]) { // bytes of a canvas -> 3 x rows x columns, from 0 to 255
    const across = taps(width, columns), down = taps(height, rows), half = new Float32Array(3 * height * columns), out = new Float32Array(3 * rows * columns);
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < height; y++) across.forEach(({ first, weights }, x) => {
        let sum = 0;
        for (let j = 0; j < weights.length; j++) sum += weights[j] * data[4 * (y * width + first + j) + c];
        half[(c * height + y) * columns + x] = sum;
      });
      down.forEach(({ first, weights }, y) => {
        for (let x = 0; x < columns; x++) {
          let sum = 0;
          for (let j = 0; j < weights.length; j++) sum += weights[j] * half[(c * height + first + j) * columns + x];
          out[(c * rows + y) * columns + x] = sum;
        }
      });
    }
    return out;
  }

  const between = (i, from, to) => { // a pixel of the picture lies between two cells of the scores
    const at = Math.max(((i + 0.5) * from) / to - 0.5, 0), low = Math.floor(at);
    return [low, Math.min(low + 1, from - 1), at - low];
  };

  function labels(scores, [rows, columns], classes, width, height, step) { // of every step-th pixel
    const out = [];
    for (let y = 0; y < height; y += step) {
      const [top, bottom, v] = between(y, rows, height);
      for (let x = 0; x < width; x += step) {
        const [left, right, u] = between(x, columns, width);
        let best = 0, highest = -Infinity;
        for (let c = 0; c < classes; c++) {
          const at = (row, column) => scores[(c * rows + row) * columns + column];
          const value = (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) + v * ((1 - u) * at(bottom, left) + u * at(bottom, right));
          if (value > highest) [best, highest] = [c, value];
        }
        out.push(best);
      }
    }
    return out;
  }

  function pixels(source, square) { // a picture or a frame of the camera; what is transparent becomes white
    const [w, h] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height], side = Math.min(w, h);
    const [left, top, width, height] = square ? [(w - side) >> 1, (h - side) >> 1, side, side] : [0, 0, w, h];
    const canvas = Object.assign(document.createElement("canvas"), { width, height }), ink = canvas.getContext("2d", { willReadFrequently: true });
    ink.fillStyle = "white";
    ink.fillRect(0, 0, width, height);
    ink.drawImage(source, left, top, width, height, 0, 0, width, height);
    return ink.getImageData(0, 0, width, height);
  }

  async function label(source, net) {
    const began = performance.now();
    const image = pixels(source, net.square), scores = await net.ask(shrunk(image, net.size));
    const step = Math.ceil(Math.max(image.width, image.height) / net.shown);
    return { net, image, scores, step, labels: labels(scores, net.size, net.classes.length, image.width, image.height, step), seconds: (performance.now() - began) / 1000 };
  }

  function paint(canvas, { net, image, step, labels }) {
    const width = Math.ceil(image.width / step), height = Math.ceil(image.height / step), out = new ImageData(width, height);
    labels.forEach((label, i) => {
      const from = 4 * (Math.floor(i / width) * step * image.width + (i % width) * step);
      for (let c = 0; c < 3; c++) {
        const value = image.data[from + c];
        out.data[4 * i + c] = label ? Math.round(value + net.strength * (net.colours[label][c] - value)) : value;
      }
      out.data[4 * i + 3] = 255;
    });
    Object.assign(canvas, { width, height }).getContext("2d").putImageData(out, 0, 0);
  }

  function words({ net, labels, seconds }) {
    const share = net.classes.map((name, c) => `${name} ${Math.round((100 * labels.filter((label) => label === c).length) / labels.length)}%`);
    return `${share.join(", ")}. It took ${seconds.toFixed(2)} s in this browser.`;
  }

  function start(room) {
    const part = (name) => room.querySelector(`[name=${name}]`), canvas = room.querySelector("canvas"), said = room.querySelector("output");
    const video = document.createElement("video");
    const network = () => course.session(part("network").value);
    let source = null, asked = 0;

    async function show() {
      const mine = ++asked;
      if (!course.asked(part("network").value)) said.textContent = UNPACKING;
      try {
        const found = await label(source, await network());
        if (mine !== asked) return;
        paint(canvas, found);
        room.found = found; // for whoever wants to compare
        said.textContent = words(found);
        canvas.setAttribute("aria-label", said.textContent);
      } catch (error) {
        said.textContent = `This browser could not run the network (${error.message ?? error}). A current Firefox, Chrome, Edge or Safari can.`;
      }
    }

    async function open(file) {
      try { source = await createImageBitmap(file); } catch {
        said.textContent = `${file.name ?? "the picture"} is no picture that this browser reads; expected JPEG, PNG or WebP: export it as JPEG.`;
        return;
      }
      await show();
    }

    async function film() {
      if (video.srcObject) return stop();
      try { video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true }); } catch (error) {
        said.textContent = `The camera did not start (${error.message}). Allow it in the address bar, or choose a photograph.`;
        return;
      }
      await video.play();
      part("camera").textContent = "Stop the camera";
      for (source = video; video.srcObject; await new Promise(requestAnimationFrame)) await show();
    }

    function stop() {
      video.srcObject.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
      part("camera").textContent = "Use the camera";
    }

    async function example() { // it lies beside the network: of a picture in a file of its own, a page from a disk may not read the pixels
      said.textContent = UNPACKING;
      source = Object.assign(new Image(), { src: (await network()).example });
      await source.decode();
      await show();
    }

    part("photo").onchange = ({ target }) => { if (video.srcObject) stop(); if (target.files[0]) open(target.files[0]); };
    part("example").onclick = () => { if (video.srcObject) stop(); example(); };
    part("network").onchange = () => source && show();
    part("camera").hidden = !navigator.mediaDevices;
    part("camera").onclick = film;
    room.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".photograph").forEach(start));
})();
