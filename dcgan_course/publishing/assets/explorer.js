// The explorer: one face, many tools. `Explorer` holds the face that is shown, its history, and the picture; the tools
// (tools.js) change the face by `go` and `settle`.
//
// about: what the package says of the generator. backend: {draw(zs) -> Promise of RGBA bytes per z, batch, save(kind,
// zs, name, smooth) -> Promise of words, settled(face), page, heading}.

const KEPT = 12;  // faces in the filmstrip
const REST = 400;  // milliseconds after which a movement by keys is over

class Explorer {
  constructor(root, about, backend, first) {
    Object.assign(this, {root, about, backend, history: [], at: -1, pinned: null, pixels: null, comparing: false});
    this.painter = new Painter(backend, yes => root.setAttribute("aria-busy", yes), error => this.say(error.message, true));
    this.build();
    this.tools = toolsOf(this);
    this.buildTabs();
    this.go(first || ofSeed(about, about.seeds[0]));
    this.settle();
  }

  // ---- the face

  get z() { return shown(this.about, this.face); }

  // Show a face. `by`: the tool that made it, which knows; the open tool follows all others.
  go(face, by = null) {
    this.face = face;
    this.draw();
    this.caption();
    if (this.open && this.open !== by) this.open.follow();
  }

  // The face stays: it goes into the history and into the address.
  settle() {
    this.resting = clearTimeout(this.resting);
    const {face, z} = this, now = this.history[this.at];
    if (now?.face === face || now?.z.every((x, i) => x === z[i])) return;  // such as the two clicks of a double click
    if (now) this.history.push(...this.history.splice(this.at, 1));  // after going back: the way back leads to it again
    this.history.push({face, z, pixels: null});
    if (this.history.length > KEPT) {
      const [gone] = this.history.splice(this.history[0] === this.pinned ? 1 : 0, 1);
      if (gone === this.pinned) this.pinned = null;
    }
    this.at = this.history.length - 1;
    this.keepPixels();
    this.film();
    this.backend.settled(face);
  }

  rest() {  // it stays if nothing else comes soon
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.settle(), REST);
  }

  flush() { if (this.resting) this.settle(); }

  move(face, by) {  // at once
    this.flush();
    this.go(face, by);
    this.settle();
  }

  back(steps) {
    this.stop();
    this.flush();
    const to = this.at + steps;
    if (!(to in this.history)) return;
    this.at = to;
    this.go(this.history[to].face);
    this.film();
    this.backend.settled(this.face);
  }

  fresh() {
    this.stop();
    const label = labelOf(this.about, this.face.z);
    this.move(ofSeed(this.about, randomSeed(), this.about.classes && label >= 0 ? label : undefined));
  }

  stop() { this.tools.forEach(tool => tool.stop?.()); }

  // ---- the picture

  draw() {
    this.painter.large(this.z, (pixels, z) => {
      this.pixels = pixels;
      this.keepPixels(z);
      if (!this.comparing) paint(this.canvas, pixels, this.about.size);
      this.root.dataset.drawn = JSON.stringify(z);
    });
  }

  keepPixels(z = null) {  // for the filmstrip, once the picture of its newest face is there
    const now = this.history[this.at];
    if (!now || now.pixels || !this.pixels) return;
    if (z === null ? this.painter.wish || this.painter.busy : z.some((x, i) => x !== now.z[i])) return;
    now.pixels = this.pixels;
    this.film();
  }

  compare(on) {
    const other = this.pinned || this.history[this.at - 1];
    if (on === this.comparing) return;
    if (on && !other?.pixels) return this.say("Nothing to compare with yet: pin a picture, or make another one.");
    this.comparing = on;
    const pixels = on ? other.pixels : this.pixels;
    if (pixels) paint(this.canvas, pixels, this.about.size);
    this.frame.classList.toggle("comparing", on);
  }

  pin() {
    const now = this.history[this.at];
    this.pinned = this.pinned === now ? null : now;
    this.film();
  }

  // ---- how it looks

  build() {
    const {about} = this;
    this.canvas = h("canvas", {role: "img", tabindex: 0, "aria-label": `the ${about.noun} that is shown`,
                               title: "R: a new one · Z or ←: back · →: forward · hold the space bar: compare"});
    this.canvas.width = this.canvas.height = about.size;
    this.frame = h("div", {class: "frame"}, this.canvas);
    this.words = h("p", {class: "caption"});
    const under = h("div", {class: "under"}, this.words, this.pixelSwitch());
    this.status = h("p", {class: "status", "aria-live": "polite"});
    const button = (name, words, onclick, options) => h("button", {type: "button", class: name, onclick, ...options}, words);
    const hold = button("hold", "Hold to compare", null, {title: "the pinned picture, or the one before"});
    hold.onpointerup = hold.onpointerleave = hold.onpointercancel = hold.onkeyup = hold.onblur = () => this.compare(false);
    hold.onpointerdown = () => this.compare(true);
    hold.onkeydown = event => ["Enter", " "].includes(event.key) && !event.repeat && this.compare(true);
    this.undo = button("undo", "↶", () => this.back(-1), {"aria-label": "back", title: "Z or ←"});
    this.pinning = button("pin", "Pin", () => this.pin(), {"aria-pressed": "false"});
    const bars = [
      h("div", {class: "bar"}, button("new", `New ${about.noun}`, () => this.fresh(), {title: "R"}), this.undo),
      h("div", {class: "bar"}, this.pinning, hold,
        button("save", "Save", () => this.save("png", [this.z], this.face.name)))];
    this.strip = h("div", {class: "film", role: "group", "aria-label": `the last ${KEPT} pictures`});
    this.stage = h("div", {class: "stage"}, this.frame, under, ...bars, ...this.classes(), this.strip, this.status);
    this.panels = h("div", {class: "tools"});
    this.root.append(
      h("header", {}, h(this.backend.heading || "h3", {class: "title"}, about.title), h("p", {}, about.text)),
      h("div", {class: "board"}, this.stage, this.panels));
    this.root.addEventListener("keydown", event => this.key(event));
    this.root.addEventListener("keyup", event => {
      if (event.key === " " && event.target === this.canvas) this.compare(false);
    });
  }

  pixelSwitch() {
    const box = h("input", {type: "checkbox", class: "pixels"});
    box.onchange = () => this.root.classList.toggle("hard", box.checked);
    return h("label", {class: "switch"}, box, "Pixels");
  }

  get smooth() { return !this.root.classList.contains("hard"); }

  classes() {
    const {about} = this;
    if (!about.classes) return [];
    this.chips = about.labels.map((label, i) => h("button", {type: "button", "aria-pressed": "false",
      onclick: () => this.choose(i)}, label));
    return [h("div", {class: "chips", role: "group", "aria-label": "class"}, ...this.chips)];
  }

  choose(label) {  // the same numbers, drawn as another class
    this.stop();
    const {about, face} = this;
    const name = `${face.name.split(", as ")[0]}, as ${about.labels[label]}`;
    this.move({...face, z: [...face.z.slice(0, about.nz), ...oneHot(about, label)], name, label});
  }

  caption() {
    const {about, face} = this;
    const moved = items(about).filter(item => face.amounts[item.key]);
    this.words.textContent = [face.name, ...moved.map(item => item.colour ? `${item.name} ${groupOf(about, item)}`
      : `${item.name} ${signed(face.amounts[item.key])}`)].join(" · ");
    this.chips?.forEach((chip, i) => chip.setAttribute("aria-pressed", i === labelOf(about, face.z)));
  }

  film() {
    const bare = this.history.filter((entry, i) => !entry.pixels && i !== this.at);  // passed before they were drawn
    if (bare.length) {
      this.painter.small("film", bare.map(entry => entry.z), (pixels, i) => {
        bare[i].pixels = pixels;
        if (i === bare.length - 1) this.film();
      });
    }
    this.undo.disabled = this.at < 1;
    this.pinning.setAttribute("aria-pressed", Boolean(this.pinned && this.pinned === this.history[this.at]));
    this.strip.replaceChildren(...this.history.map((entry, i) => {
      const pin = entry === this.pinned ? ", pinned" : "", small = h("canvas", {"aria-hidden": "true"});
      if (entry.pixels) paint(small, entry.pixels, this.about.size);
      return h("button", {type: "button", "aria-label": `back to: ${entry.face.name}${pin}`, title: entry.face.name,
                          class: pin && "pinned", "aria-current": i === this.at && "true",
                          onclick: () => this.back(i - this.at)}, small);
    }), ...Array.from({length: KEPT - this.history.length}, () => h("span", {class: "empty"})));
  }

  buildTabs() {
    const list = h("div", {role: "tablist", "aria-label": "tools"}), id = `latent${Math.random().toString(36).slice(2)}`;
    this.tabs = this.tools.map((tool, i) => {
      const tab = h("button", {type: "button", role: "tab", id: `${id}tab${i}`, "aria-controls": `${id}panel${i}`,
                               onclick: () => this.show(tool)}, tool.label);
      tool.panel = h("div", {role: "tabpanel", id: `${id}panel${i}`, "aria-labelledby": `${id}tab${i}`, class: `tool-${tool.name}`},
                     ...tool.build());
      return tab;
    });
    list.onkeydown = event => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key], now = this.tabs.indexOf(event.target);
      if (!step || now < 0) return;
      event.stopPropagation();
      const next = (now + step + this.tabs.length) % this.tabs.length;
      this.tabs[next].focus();
      this.show(this.tools[next]);
    };
    list.append(...this.tabs);
    this.panels.append(list, ...this.tools.map(tool => tool.panel));
    this.mark(this.tools[0]);
  }

  mark(open) {
    this.open = open;
    this.tools.forEach((tool, i) => {
      this.tabs[i].setAttribute("aria-selected", tool === open);
      this.tabs[i].tabIndex = tool === open ? 0 : -1;
      tool.panel.hidden = tool !== open;
    });
  }

  show(tool) {
    this.stop();
    this.flush();
    this.mark(tool);
    tool.opened ? tool.opened() : tool.follow();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, [role=slider], [role=tab]")) return;
    const does = {r: () => this.fresh(), z: () => this.back(-1), ArrowLeft: () => this.back(-1),
                  ArrowRight: () => this.back(1)}[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (does) does();
    else if (event.key === " " && event.target === this.canvas) event.repeat || this.compare(true);
    else return;
    event.preventDefault();
  }

  async save(kind, zs, name) {
    try {
      this.say(kind === "gif" ? "The film is being made ..." : "");
      this.say(await this.backend.save(kind, zs, name.replace(/[^\w.-]+/g, "-"), this.smooth));
    } catch (error) {
      this.say(error.message, true);
    }
  }

  say(words, wrong = false) {
    this.status.textContent = words;
    this.status.classList.toggle("wrong", wrong);
  }
}

const signed = x => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(2)}`;
const groupOf = (about, item) => about.groups.find(group => group.items.includes(item)).name.split(" ")[0];
