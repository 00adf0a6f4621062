// The page of the duel: what a person turns, and what the link says.

const RATES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05];
const PENALTIES = [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const SPEEDS = [2, 10, 60, 240];  // steps a second
const BUDGET = 12;  // milliseconds of a frame for training
const SLOW = 60;  // milliseconds after which what changes slowly is drawn anew: D's surface, the curves, words
const NAMES = {non_saturating: "non-saturating", minimax: "minimax", least_squares: "least squares", hinge: "hinge"};
const MOST = 300;  // points that a person draws

const PRESETS = {
  healthy: {name: "Healthy", text: "Both learn at the same rate. G's points spread, find all eight modes, and sharpen."},
  collapse: {name: "Collapse", text: "G learns 50 times as fast as D. After some stray steps every z gives the same point, and D is too slow to say what is missing.",
             lrG: 0.005, lrD: 0.0001},
  hopping: {name: "Hopping", text: "G is 40 times as fast, D a little quicker: all points run to where D is weakest, D learns, and they run on.",
            lrG: 0.02, lrD: 0.0005},
  circling: {name: "Circling", text: "One mode, and players of one layer: D can only tilt, G only follow. They begin near the answer, turn around it, and move away.",
             data: "one", linear: true, seed: 36, lrD: 0.01, lrG: 0.01},
  cured: {name: "Cured by R1", text: "The same game; but D pays for every slope at real points. It becomes flat there, and the circle closes in.",
          data: "one", linear: true, seed: 36, lrD: 0.01, lrG: 0.01, r1: 1},
};

// ---- links

const KEYS = {data: "data", loss: "loss", lrD: "d", lrG: "g", r1: "r1", linear: "linear", seed: "seed"};

function toLink(settings, own) {
  const link = new URLSearchParams();
  for (const [key, word] of Object.entries(KEYS))
    if (settings[key] !== USUAL[key]) link.set(word, settings[key] === true ? 1 : settings[key]);
  if (settings.data === "own" && own.length) {
    const bytes = own.flatMap(place => place.map(x => Math.round((x / REACH + 1) / 2 * 255)));
    link.set("points", btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
  }
  return link.toString() || "seed=0";
}

function readLink(text) {  // {settings, own}; what is not understood is left as usual
  const link = new URLSearchParams(text), settings = {...USUAL}, own = [];
  if (link.get("data") in DATA) settings.data = link.get("data");
  if (link.get("loss") in LOSSES) settings.loss = link.get("loss");
  if (RATES.includes(Number(link.get("d")))) settings.lrD = Number(link.get("d"));
  if (RATES.includes(Number(link.get("g")))) settings.lrG = Number(link.get("g"));
  if (PENALTIES.includes(Number(link.get("r1")))) settings.r1 = Number(link.get("r1"));
  const seed = Number(link.get("seed"));
  if (Number.isInteger(seed) && seed >= 0 && seed < 1e6) settings.seed = seed;
  settings.linear = link.get("linear") === "1";
  try {
    const bytes = [...atob((link.get("points") || "").replaceAll("-", "+").replaceAll("_", "/"))].map(c => c.charCodeAt(0));
    for (let k = 0; k + 1 < Math.min(bytes.length, 2 * MOST); k += 2) own.push([bytes[k], bytes[k + 1]].map(b => (b / 255 * 2 - 1) * REACH));
  } catch { /* not points */ }
  return {settings, own};
}

const presetLink = name => toLink({...USUAL, ...Object.fromEntries(Object.entries(PRESETS[name]).filter(([key]) => key in KEYS))}, []);

// ---- the page

class Duel {
  constructor(root) {
    Object.assign(this, {root, own: [], running: false, speed: 60, seen: {surface: true, arrows: true, trail: false}, due: 0});
    this.build();
    this.read();
    addEventListener("hashchange", () => location.hash.slice(1) === this.link || this.read());
    new IntersectionObserver(([entry]) => { this.away = !entry.isIntersecting; }).observe(this.plane);
    requestAnimationFrame(now => this.frame(now));
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.run(true);
  }

  read() {  // the link, as new settings
    const {settings, own} = readLink(location.hash.slice(1));
    Object.assign(this, {settings, own});
    const name = Object.keys(PRESETS).find(key => presetLink(key) === toLink(settings, own));
    Object.assign(this.seen, {trail: Boolean(name && name !== "healthy"), arrows: !settings.linear});
    this.restart();
  }

  restart() {
    this.game = new Game(this.settings, this.own);
    this.game.trail = [];
    this.newReal();
    this.show();
  }

  newReal() { this.game.shownReal = this.game.places.length ? this.game.real(300, stream(7)) : []; }

  // A setting; the data and the players begin anew, the rest is turned while they play.
  set(key, value) {
    this.settings = {...this.settings, [key]: value};
    if (key in {data: 1, linear: 1, seed: 1}) this.restart();
    else this.game.settings = this.settings;
    this.show();
  }

  run(yes) {
    this.running = yes;
    this.playing.textContent = yes ? "Pause" : "Play";
    this.last = undefined;
    this.stale = true;
  }

  step() {
    if (!this.game.places.length) return;
    this.game.play();
    const p = this.game.points(), n = p.length / 2;
    let x = 0, y = 0;
    for (let k = 0; k < n; k++) { x += p[2 * k] / n; y += p[2 * k + 1] / n; }
    this.game.trail.push([x, y]);
    if (this.game.trail.length > TRAIL) this.game.trail.shift();
    if (this.game.history.length > KEPT) this.game.history.shift();
    this.stale = true;
  }

  frame(now) {
    const passed = Math.min(0.25, (now - (this.last ?? now)) / 1000);
    this.last = now;
    if (this.running && !this.away) {
      this.due = Math.min(this.due + passed * this.speed, this.speed / 4 + 1);
      const end = performance.now() + BUDGET;
      while (this.due >= 1 && performance.now() < end) { this.step(); this.due--; }
    }
    const fresh = !this.running || now - (this.drawn ?? 0) >= SLOW;
    if (this.stale && (fresh || this.due < 1)) this.draw(now, fresh);  // whoever is behind trains first
    this.timing(now);
    requestAnimationFrame(time => this.frame(time));
  }

  timing(now) {  // steps in the last second, said twice a second
    if (now - (this.told ?? 0) < 500) return;
    const {step} = this.game, fresh = step >= (this.before ?? 0) && this.running;
    this.rate.textContent = fresh && this.told ? `${Math.round(1000 * (step - this.before) / (now - this.told))} steps/s` : "";
    this.told = now;
    this.before = step;
  }

  draw(now, fresh) {
    this.stale = false;
    const points = drawPlane(this.plane, this.game, this.seen, fresh), {game} = this;
    if (!fresh) return;
    this.drawn = now;
    drawCurves(this.curves, game);
    const words = [`step ${game.step.toLocaleString("en")}`];
    if (DATA[game.settings.data].modes) {
      const {covered, near} = game.score(points);
      words.push(`${covered} of ${game.places.length} modes covered`, `${Math.round(100 * near)} % near one`);
    }
    this.words.textContent = words.join(" · ");
    this.plane.setAttribute("aria-label", `The plane: ${words.join(", ")}`);
    const {losses} = game, say = x => (losses ? x.toFixed(2) : "–");
    this.lossD.textContent = say(losses?.D);
    this.lossG.textContent = say(losses?.G);
  }

  show() {  // the controls and the address follow the settings
    const {settings} = this;
    this.link = toLink(settings, this.own);
    try { history.replaceState(null, "", `#${this.link}`); } catch { /* a page without an address */ }
    this.controls.forEach(follow => follow(settings));
    const empty = settings.data === "own" && !this.own.length;
    this.hint.textContent = settings.data !== "own" ? (PRESETS[this.preset()]?.text ?? "")
      : `${empty ? "Draw where real points should be: drag" : "Drag"} on the plane; or move the cross with the arrow keys and press Enter.`;
    this.plane.classList.toggle("drawing", settings.data === "own");
    this.stale = true;
  }

  preset() { return Object.keys(PRESETS).find(name => presetLink(name) === this.link); }

  // ---- how it looks

  build() {
    this.controls = [];
    const button = (words, onclick, options = {}) => h("button", {type: "button", onclick, ...options}, words);
    this.plane = h("canvas", {class: "plane", role: "img", tabindex: 0, "aria-label": "The plane",
                              title: "Space: play or pause · S: one step · R: start again"});
    this.curves = h("canvas", {class: "curves", role: "img", "aria-label": "Both losses over the last steps; their values stand above"});
    this.playing = button("Play", () => this.run(!this.running), {class: "new"});
    this.words = h("p", {class: "caption"});
    this.rate = h("span", {class: "rate"});
    this.hint = h("p", {class: "note", "aria-live": "polite"});
    [this.lossD, this.lossG] = [h("b"), h("b")];
    const presets = h("nav", {class: "bar presets", "aria-label": "Games to begin with"}, ...Object.entries(PRESETS).map(([name, {name: words}]) => {
      const link = h("a", {href: `#${presetLink(name)}`}, words);
      this.controls.push(() => link.setAttribute("aria-current", this.preset() === name));
      link.onclick = () => { if (this.preset() === name) this.restart(); this.run(true); };
      return link;
    }));
    const stage = h("div", {class: "stage"}, this.plane, this.words,
      h("div", {class: "bar"}, this.playing, button("One step", () => { this.run(false); this.step(); }),
        button("Start again", () => this.restart())),
      h("p", {class: "losses"}, h("span", {class: "d"}, "loss of D ", this.lossD), h("span", {class: "g"}, "loss of G ", this.lossG), this.rate),
      this.curves);
    const side = h("div", {class: "side"}, stepsOf(this), this.dataset(), this.rates(), this.layers());
    this.root.append(presets, this.hint, h("div", {class: "board"}, stage, side));
    this.root.addEventListener("keydown", event => this.key(event));
    drawing(this);
    new ResizeObserver(() => { this.stale = true; }).observe(this.plane);
    new MutationObserver(() => { this.stale = true; }).observe(document.documentElement, {attributeFilter: ["data-theme"]});
  }

  group(words, ...children) { return h("fieldset", {}, h("legend", {}, words), ...children); }

  dataset() {
    const chips = Object.entries(DATA).map(([key, {name}]) => {
      const chip = h("button", {type: "button", onclick: () => this.set("data", key)}, name);
      this.controls.push(settings => chip.setAttribute("aria-pressed", settings.data === key));
      return chip;
    });
    const clear = h("button", {type: "button", onclick: () => { this.own = []; this.restart(); }}, "Wipe");
    this.controls.push(settings => { clear.hidden = settings.data !== "own"; });
    return this.group("Real points", h("div", {class: "bar"}, ...chips, clear));
  }

  slider(words, key, values, text) {
    const output = h("output"), input = range(words, {min: 0, max: values.length - 1, step: 1, value: 0}, k => this.set(key, values[k]));
    this.controls.push(settings => {
      input.set(values.indexOf(settings[key]));
      output.textContent = text(settings[key]);
      input.setAttribute("aria-valuetext", text(settings[key]));
    });
    return h("div", {class: "row"}, h("span", {}, words), input, output);
  }

  select(words, key, options, read = x => x) {
    const input = h("select", {onchange: () => this.set(key, read(input.value))},
      ...Object.entries(options).map(([value, name]) => h("option", {value}, name)));
    this.controls.push(settings => { input.value = String(settings[key]); });
    return h("label", {class: "row"}, h("span", {}, words), input);
  }

  rates() {
    return this.group("The players",
      this.slider("D learns at", "lrD", RATES, String), this.slider("G learns at", "lrG", RATES, String),
      this.slider("R1 penalty", "r1", PENALTIES, x => (x ? String(x) : "off")),
      this.select("Loss", "loss", NAMES),
      this.select("Networks", "linear", {false: "two hidden layers of 32", true: "one layer each"}, x => x === "true"));
  }

  layers() {
    const box = (words, key) => {
      const input = h("input", {type: "checkbox"});
      input.onchange = () => { this.seen[key] = input.checked; this.stale = true; };
      this.controls.push(() => { input.checked = this.seen[key]; });
      return h("label", {class: "switch"}, input, words);
    };
    const speed = h("select", {onchange: () => { this.speed = Number(speed.value); this.due = 0; }},
      ...SPEEDS.map(value => h("option", {value}, `${value} steps a second`)));
    speed.value = "60";
    this.setSpeed = value => { this.speed = value; this.due = 0; speed.value = String(value); };
    const seed = h("button", {type: "button", onclick: () => this.set("seed", this.settings.seed + 1)});
    this.controls.push(settings => { seed.textContent = `Seed ${settings.seed}: try the next`; });
    const copy = h("button", {type: "button", onclick: async () => {
      try { await navigator.clipboard.writeText(location.href); copy.textContent = "Copied"; } catch { copy.textContent = "The link stands in the address"; }
      setTimeout(() => { copy.textContent = "Copy the link"; }, 2000);
    }}, "Copy the link");
    return this.group("What you see", h("div", {class: "bar"}, box("D's surface", "surface"), box("Arrows at G's points", "arrows"),
      box("Trail of their middle", "trail")), h("label", {class: "row"}, h("span", {}, "Speed"), speed), h("div", {class: "bar"}, seed, copy));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, button, a")) return;
    const does = {" ": () => this.run(!this.running), s: () => { this.run(false); this.step(); }, r: () => this.restart()}[event.key.toLowerCase()];
    if (!does) return;
    does();
    event.preventDefault();
  }
}

// Own data: by finger or mouse along a stroke, or by keys, with a cross.
function drawing(duel) {
  const {plane} = duel, held = x => Math.max(-REACH, Math.min(REACH, x)), cross = [0, 0];
  let down = false;
  const add = (x, y) => {
    const last = duel.own.at(-1);
    if (duel.own.length >= MOST || (down === "moved" && last && Math.hypot(last[0] - x, last[1] - y) < 0.08)) return;
    duel.own.push([held(x), held(y)]);
    duel.game.places = duel.own;
    duel.newReal();
    down = down && "moved";
    duel.show();
  };
  const at = event => {
    const box = plane.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width * 2 - 1) * REACH, (1 - (event.clientY - box.top) / box.height * 2) * REACH];
  };
  const own = () => duel.settings.data === "own";
  plane.addEventListener("pointerdown", event => {
    if (!own() || event.button) return;
    plane.setPointerCapture(event.pointerId);
    down = "begun";
    add(...at(event));
  });
  plane.addEventListener("pointermove", event => { if (down) add(...at(event)); });
  for (const end of ["pointerup", "pointercancel"]) plane.addEventListener(end, () => { down = false; });
  plane.addEventListener("keydown", event => {
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    if (!own() || !(move || event.key === "Enter")) return;
    if (move) move.forEach((d, i) => { cross[i] = held(cross[i] + 0.2 * d); });
    else add(...cross);
    duel.game.cross = cross;
    duel.stale = true;
    event.preventDefault();
  });
}

new Duel(document.getElementById("duel"));
