// The latent space in numbers: seeds, paths, links. A face is {z, amounts, name, seed?, label?}: z is where it starts
// from, amounts {key: number} are what the sliders add.

const SEEDS = 1_000_000_000;

function stream(seed) {  // mulberry32: uniform numbers in [0, 1), the same for a seed here and in Python
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const gauss = uniform => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

function number(about, uniform) {
  return {normal: () => gauss(uniform), uniform: () => 2 * uniform() - 1, uniform01: uniform}[about.kind]();
}

const oneHot = (about, label) => Array.from({length: about.classes}, (_, i) => (i === label ? 1 : 0));

function ofSeed(about, seed, label = seed % about.classes) {
  const uniform = stream(seed), z = Array.from({length: about.nz}, () => number(about, uniform));
  const words = about.classes ? `seed ${seed}, as ${about.labels[label]}` : `seed ${seed}`;
  return {z: [...z, ...oneHot(about, label)], amounts: {}, name: words, seed, label: about.classes ? label : undefined};
}

const randomSeed = () => Math.floor(Math.random() * 1e6);

function labelOf(about, z) {  // the class of a z; -1 between classes
  return z.slice(about.nz).findIndex(x => x > 0.999);
}

const lowest = about => (about.kind === "uniform01" ? 0 : -about.limit);

const held = (about, x) => Math.min(about.limit, Math.max(lowest(about), x));

function within(about, z) {  // uniform z stay in their range; of normal ones none is impossible
  return about.kind === "normal" ? z : z.map((x, i) => (i < about.nz ? held(about, x) : x));
}

const items = about => [...about.groups.flatMap(group => group.items), ...about.strongest];

const dot = (p, q) => p.reduce((sum, x, i) => sum + x * q[i], 0);
const plus = (z, amount, vector) => z.map((x, i) => x + amount * (vector[i] || 0));

function shown(about, face) {  // the z that is drawn: a chosen colour replaces its group's part, then sliders add theirs
  let z = face.z;
  for (const {swatches, basis, items} of about.groups) {
    const item = swatches && items.find(({key}) => face.amounts[key]);
    if (item) z = plus(basis.reduce((rest, b) => plus(rest, -dot(z, b), b), z), 1, item.vector);
  }
  for (const {key, vector, colour} of items(about))
    if (!colour && face.amounts[key]) z = plus(z, face.amounts[key], vector);
  return within(about, z);
}

const lerp = (a, b, t) => a.map((x, i) => x + (b[i] - x) * t);

function slerp(a, b, t) {  // keeps the length that normal z have (arXiv 1609.04468)
  const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)))));
  if (!(Math.sin(angle) >= 1e-6)) return lerp(a, b, t);
  const [p, q] = [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  return a.map((x, i) => p * x + q * b[i]);
}

function path(about, a, b, t) {  // classes are mixed in a straight line
  const n = about.nz, way = about.kind === "normal" ? slerp : lerp;
  return [...way(a.slice(0, n), b.slice(0, n), t), ...lerp(a.slice(n), b.slice(n), t)];
}

function mixed(about, [a, b, c, d], u, v) {  // u to the right, v downwards
  return path(about, path(about, a, c, v), path(about, b, d, v), u);
}

function varied(about, z, far, uniform) {  // far 0: z itself; 1: another z altogether
  const other = z.map((x, i) => (i < about.nz ? number(about, uniform) : x));
  if (about.kind !== "normal") return lerp(z, other, far);
  return z.map((x, i) => (i < about.nz ? Math.sqrt(1 - far * far) * x + far * other[i] : x));
}

// ---- z as text

const asText = z => JSON.stringify(z.map(x => Math.round(x * 1e4) / 1e4));

function fromText(about, text) {  // a z, or an Error in words
  const wanted = about.nz + about.classes;
  let z;
  try { z = JSON.parse(text); } catch { z = null; }
  if (!Array.isArray(z) || !z.every(x => typeof x === "number" && Number.isFinite(x)))
    throw new Error(`z: expected ${wanted} numbers in square brackets, such as [0.1, -2.3, ...]`);
  if (z.length !== wanted) throw new Error(`z: found ${z.length} numbers, expected ${wanted}`);
  return within(about, z);
}

const STEPS = 5000;  // of a whole number in a link: z to 0.0002

function packedZ(z) {
  const whole = Int16Array.from(z, x => Math.max(-32767, Math.min(32767, Math.round(x * STEPS))));
  const text = btoa(String.fromCharCode(...new Uint8Array(whole.buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpackedZ(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
  return [...new Int16Array(bytes.buffer)].map(x => x / STEPS);
}

function asLink(about, face) {  // what follows # in a page's address
  const link = new URLSearchParams();
  if (face.seed === undefined) link.set("z", packedZ(face.z));
  else link.set("seed", face.seed);
  if (face.seed !== undefined && about.classes) link.set("class", face.label);
  for (const [key, amount] of Object.entries(face.amounts)) if (amount) link.set(key, amount);
  return link.toString();
}

function fromLink(about, text) {  // a face; null where the link is not one
  try {
    const link = new URLSearchParams(text), seed = Number(link.get("seed"));
    let face = null;
    if (link.has("z")) face = {z: within(about, unpackedZ(link.get("z"))), amounts: {}, name: "from a link"};
    else if (link.has("seed") && Number.isInteger(seed) && seed >= 0 && seed < SEEDS) {
      const label = link.has("class") ? Number(link.get("class")) : seed % about.classes;
      if (about.classes && !(label in about.labels)) return null;
      face = ofSeed(about, seed, label);
    }
    if (!face || face.z.length !== about.nz + about.classes) return null;
    for (const {key} of items(about)) {
      const amount = Number(link.get(key));
      if (amount && Math.abs(amount) <= about.reach) face.amounts[key] = amount;
    }
    return face;
  } catch {
    return null;
  }
}
