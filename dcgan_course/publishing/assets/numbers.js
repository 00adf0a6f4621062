// Tools for z itself: its numbers as bars, its seed, its text; and, where there are two of them, a map.

class RawNumbers {
  constructor(tool) {
    Object.assign(this, {tool, explorer: tool.explorer, about: tool.about, chosen: 0});
  }

  build() {
    const {about} = this;
    this.bars = h("canvas", {class: "bars", tabindex: 0, role: "slider", "aria-label": `the ${about.nz} numbers of z`,
                             "aria-valuemin": lowest(about), "aria-valuemax": about.limit});
    this.bars.onpointerdown = event => { this.bars.setPointerCapture(event.pointerId); this.dragged(event); };
    this.bars.onpointermove = event => event.buttons && this.dragged(event);
    this.bars.onpointerup = () => this.tool.done();
    this.bars.onkeydown = event => this.key(event);
    this.bars.onkeyup = () => this.tool.done();
    this.which = h("p", {class: "which"});
    this.seed = h("input", {type: "number", min: 0, max: SEEDS - 1, step: 1, value: about.seeds[0], "aria-label": "seed"});
    this.text = h("textarea", {rows: 2, spellcheck: "false", "aria-label": "z as text"});
    const button = (words, onclick) => h("button", {type: "button", onclick}, words);
    return [this.bars, this.which,
      h("div", {class: "bar"}, h("label", {}, "seed", this.seed), button("Use seed", () => this.useSeed())),
      this.text,
      h("div", {class: "bar"}, button("Copy z", () => this.copy()), button("Use z", () => this.use()),
        ...(this.explorer.backend.page ? [button("Copy link", () => this.copyLink())] : []))];
  }

  set(i, value) {
    const {face} = this.explorer, z = [...face.z];
    z[i] += held(this.about, value) - this.explorer.z[i];
    const name = face.name.endsWith(", changed") ? face.name : `${face.name}, changed`;
    this.explorer.go({...face, z, name, seed: undefined}, this.tool);
    this.chosen = i;
    this.follow();
  }

  dragged(event) {
    const box = this.bars.getBoundingClientRect(), [low, high] = [lowest(this.about), this.about.limit];
    const i = Math.max(0, Math.min(this.about.nz - 1, Math.floor((event.clientX - box.left) / box.width * this.about.nz)));
    this.set(i, high - (event.clientY - box.top) / box.height * (high - low));
  }

  key(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key], up = {ArrowUp: 0.1, ArrowDown: -0.1}[event.key];
    if (step) this.chosen = (this.chosen + step + this.about.nz) % this.about.nz;
    else if (up) this.set(this.chosen, this.explorer.z[this.chosen] + up);
    else return;
    event.preventDefault();
    this.follow();
  }

  follow() {
    const {nz} = this.about, z = this.explorer.z, [low, high] = [lowest(this.about), this.about.limit];
    const width = this.bars.width = 8 * Math.max(nz, 50), height = this.bars.height = 160, context = this.bars.getContext("2d");
    const style = getComputedStyle(this.bars), y = value => height * (high - held(this.about, value)) / (high - low);
    for (let i = 0; i < nz; i++) {
      context.fillStyle = style.getPropertyValue(i === this.chosen ? "--mark" : "--ink");
      context.fillRect((i + 0.15) * width / nz, Math.min(y(0), y(z[i])), 0.7 * width / nz, Math.max(2, Math.abs(y(z[i]) - y(0))));
    }
    const words = `z[${this.chosen}] = ${z[this.chosen].toFixed(2)}`;
    this.which.textContent = `${words}. Draw over the bars; or choose one with ← → and change it with ↑ ↓.`;
    this.bars.setAttribute("aria-valuenow", z[this.chosen].toFixed(2));
    this.bars.setAttribute("aria-valuetext", words);
    if (this.explorer.face.seed !== undefined) this.seed.value = this.explorer.face.seed;
  }

  useSeed() {
    const seed = Math.min(SEEDS - 1, Math.max(0, Math.floor(Number(this.seed.value)) || 0)), {label} = this.explorer.face;
    this.seed.value = seed;
    this.explorer.move(ofSeed(this.about, seed, label));
  }

  async copy() {
    this.text.value = asText(this.explorer.z);
    await this.toClipboard(this.text.value, "z");
  }

  async copyLink() {
    await this.toClipboard(location.href, "The link");
  }

  async toClipboard(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      this.explorer.say(`${what} is in the clipboard.`);
    } catch {  // not allowed here
      this.text.value = text;
      this.text.select();
      this.explorer.say(`${what} is in the field: copy it from there.`);
    }
  }

  use() {
    try {
      this.explorer.move({z: fromText(this.about, this.text.value), amounts: {}, name: "a z of yours"});
      this.explorer.say("");
    } catch (error) {
      this.explorer.say(error.message, true);
    }
  }
}

// ---- a z of two numbers: a map of all of it

class PlaneTool extends Tool {
  name = "plane";
  label = "Map";

  build() {
    this.sheet = sheet(this.explorer, 10);
    this.pad = pad("z[0] to the right, z[1] upwards", (u, v) => this.put(u, v), () => this.explorer.rest());
    this.pad.cover(this.sheet);
    this.which = h("p", {class: "which"});
    return [this.note(`Two numbers make each ${this.about.noun}: this is all that they can make. Drag over it.`), this.pad,
            this.which];
  }

  value(share) { return lowest(this.about) + share * (this.about.limit - lowest(this.about)); }

  place(u, v) { return [this.value(u), this.value(1 - v)]; }  // v grows downwards, z[1] upwards

  put(u, v) {
    const {explorer} = this, z = [...this.place(u, v), ...explorer.z.slice(2)];
    explorer.go({z, amounts: {}, name: this.words(z), label: explorer.face.label}, this);
    this.follow();
  }

  words([x, y]) { return `z = [${x.toFixed(2)}, ${y.toFixed(2)}]`; }

  follow() {
    const {about, explorer: {z}} = this, share = x => (held(about, x) - lowest(about)) / (about.limit - lowest(about));
    this.pad.put(share(z[0]), 1 - share(z[1]), this.words(z));
    this.which.textContent = `${this.words(z)}: z[0] to the right, z[1] upwards`;
    this.map(z.slice(2));
  }

  map(classes) {  // once for each class
    if (this.drawn === classes.join()) return;
    this.drawn = classes.join();
    this.sheet.fill(this.name, (u, v) => [...this.place(u, v), ...classes]);
  }
}
