// On a page of its own: the browser draws, without a server or a network. The generator and what runs it stand in the
// page as text.

const FILM = 256, PICTURE = 512;  // pixels of a saved film and picture, at least

async function unpacked(id) {  // bytes from text, unpacked by the browser
  const text = atob(document.getElementById(id).textContent), packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function code(id) {
  return import(URL.createObjectURL(new Blob([await unpacked(id)], {type: "text/javascript"})));
}

async function session() {
  if (document.readyState !== "complete") await new Promise(go => window.addEventListener("load", go));
  const [ort, wasm, model] = await Promise.all([code("ort-code"), unpacked("ort-wasm"), unpacked("generator")]);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = wasm;
  return [ort, await ort.InferenceSession.create(model, {executionProviders: ["wasm"]})];
}

function toBytes(about, data) {  // (channels, size, size) in [-1, 1] as RGBA
  const plane = about.size * about.size, bytes = new Uint8ClampedArray(4 * plane);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = (data[about.channels === 3 ? c * plane + i : i] + 1) * 127.5;
    bytes[4 * i + 3] = 255;
  }
  return bytes;
}

function enlarged(about, pixels, least, smooth) {
  const [small, large] = [document.createElement("canvas"), document.createElement("canvas")];
  paint(small, pixels, about.size);
  large.width = large.height = about.size * Math.ceil(least / about.size);
  const context = large.getContext("2d", {willReadFrequently: true});
  context.imageSmoothingEnabled = smooth;
  context.drawImage(small, 0, 0, large.width, large.height);
  return large;
}

async function film(canvases) {
  const {GIFEncoder, quantize, applyPalette} = await code("gif-code"), gif = GIFEncoder();
  const frames = new Map();  // there and back: most of them come twice
  for (const canvas of canvases) {
    const {width, height} = canvas;
    if (!frames.has(canvas)) {
      const {data} = canvas.getContext("2d").getImageData(0, 0, width, height), palette = quantize(data, 256);
      frames.set(canvas, [applyPalette(data, palette), palette]);
    }
    const [indices, palette] = frames.get(canvas);
    gif.writeFrame(indices, width, height, {palette, delay: 80});
  }
  gif.finish();
  return new Blob([gif.bytes()], {type: "image/gif"});
}

function download(blob, name) {
  const link = h("a", {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  return `Saved as ${name}.`;
}

function browser(about) {
  const made = session();
  made.catch(() => {});  // said where it is drawn with
  return {
    batch: 1, page: true, heading: document.querySelector("h1") ? "h2" : "h1",
    async draw(zs) {
      const [ort, model] = await made.catch(error => {
        throw new Error(`The generator cannot be started in this browser: ${error.message}`);
      });
      const {images} = await model.run({z: new ort.Tensor("float32", Float32Array.from(zs.flat()), [zs.length, zs[0].length])});
      const one = about.channels * about.size * about.size;
      return zs.map((_, i) => toBytes(about, images.data.subarray(i * one, (i + 1) * one)));
    },
    async save(kind, zs, name, smooth) {
      const drawn = new Map(), least = kind === "gif" ? FILM : PICTURE;
      for (const z of new Set(zs)) drawn.set(z, enlarged(about, (await this.draw([z]))[0], least, smooth));
      const canvases = zs.map(z => drawn.get(z));
      const blob = kind === "gif" ? await film(canvases) : await new Promise(done => canvases[0].toBlob(done));
      return download(blob, `${about.name}-${name}.${kind}`);
    },
    settled(face) {
      try { history.replaceState(null, "", `#${asLink(about, face)}`); } catch { /* a page without an address */ }
    },
  };
}

const about = JSON.parse(document.getElementById("about").textContent);
const explorer = new Explorer(document.getElementById("explorer"), about, browser(about), fromLink(about, location.hash.slice(1)));
window.addEventListener("hashchange", () => {
  const face = fromLink(about, location.hash.slice(1));
  if (face && asLink(about, face) !== asLink(about, explorer.face)) explorer.move(face);
});
