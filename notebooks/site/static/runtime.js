// The networks of the page: onnxruntime-web, as WebAssembly on one thread, started when the first network is asked for.

(() => {
  const sessions = {}; // name -> a promise of the network, ready to be asked
  let runtime = null;

  course.bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  course.unpack = (text) => new Response(new Blob([course.bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

  async function started() {
    const { text, wasm } = await new Promise((done, failed) => {
      course.runtime = (text, wasm) => done({ text, wasm });
      course.script("networks/runtime.js").catch(failed);
    });
    const ort = await course.module(text);
    Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: await course.unpack(wasm) });
    return ort;
  }

  course.fetched = (name) => new Promise((done, failed) => {
    course.networks[name] = done;
    course.script(`networks/${name}.js`).catch(failed);
  });

  async function opened(name, own) {
    const told = own ?? (await course.fetched(name)), ort = await (runtime ??= started()), session = await ort.InferenceSession.create(await course.unpack(told.onnx), { executionProviders: ["wasm"] });
    const run = (feeds) => { // name -> [values, shape], or a tensor that another network gave
      const tensors = Object.entries(feeds).map(([input, one]) => [input, Array.isArray(one) ? new ort.Tensor("float32", ...one) : one]);
      return session.run(Object.fromEntries(tensors));
    };
    return { ...told, run, ask: async (values) => (await run({ picture: [values, [1, 3, ...told.size]] })).scores.data };
  }

  course.networks = {};
  course.network = (name, told) => course.networks[name](told);
  course.asked = (name) => name in sessions;
  course.session = (name, own) => (sessions[name] ??= opened(name, own)); // { run, ask: pixels from 0 to 255 -> scores, and what the card says }
})();
