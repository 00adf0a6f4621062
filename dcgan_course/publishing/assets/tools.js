// The tools. Each has a label, build() -> elements, follow() after another tool has changed the face, perhaps opened()
// in place of it when its tab is chosen, and perhaps stop() for what goes on by itself.

const FRAMES = 36;  // of a walk, as in the paper's figure 4

function toolsOf(explorer) {
  const {about} = explorer, map = about.nz === 2 ? [new PlaneTool(explorer)] : [];
  return [...map, new SheetTool(explorer), new ChangeTool(explorer), new VariationTool(explorer), new CornerTool(explorer),
          new WalkTool(explorer)];
}

class Tool {
  constructor(explorer) {
    Object.assign(this, {explorer, about: explorer.about});
  }

  follow() {}

  // A button with a small picture.
  thumb(words, onclick) {
    return h("button", {type: "button", class: "thumb", "aria-label": words, title: words, onclick}, h("canvas", {"aria-hidden": "true"}));
  }

  fill(thumbs, zs) {
    const {size} = this.about;
    this.explorer.painter.small(this.name, zs, (pixels, i) => paint(thumbs[i].querySelector("canvas"), pixels, size));
  }

  // A button that throws another one.
  die(words, onclick) {
    return h("button", {type: "button", class: "die", "aria-label": words, title: words, onclick}, "⚄");
  }

  note(text) { return h("p", {class: "note"}, text); }
}

function range(words, options, oninput, onchange) {  // a slider that is filled from its zero
  const input = h("input", {type: "range", "aria-label": words, ...options});
  const fill = () => {
    const [low, high] = [Number(input.min), Number(input.max)], part = x => 100 * (x - low) / (high - low);
    const [from, to] = [Math.max(low, Math.min(high, 0)), Number(input.value)].map(part);
    input.style.setProperty("--from", `${Math.min(from, to)}%`);
    input.style.setProperty("--to", `${Math.max(from, to)}%`);
    input.style.setProperty("--zero", low < 0 ? from / 100 : -1);  // out of sight where 0 is the beginning
  };
  input.set = value => { input.value = value; fill(); };
  input.oninput = () => { fill(); oninput(Number(input.value)); };
  input.onchange = () => onchange?.();
  fill();
  return input;
}

// A square with a dot. moved(u, v): shares of the field's width and height; done(): the dot stays. put(u, v, words) places
// it; around the field is room for a dot on its border.
function pad(words, moved, done) {
  const dot = h("span", {class: "dot"}), field = h("div", {class: "field"}, dot), at = {u: 0, v: 0};
  const square = h("div", {class: "pad", tabindex: 0, role: "slider", "aria-label": words, "aria-valuemin": 0,
                           "aria-valuemax": 100}, field);
  const share = x => Math.max(0, Math.min(1, x));
  const drag = event => {
    const box = field.getBoundingClientRect();
    moved(share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height));
  };
  square.cover = sheet => field.prepend(sheet);
  square.put = (u, v, text) => {
    Object.assign(at, {u, v});
    dot.style.left = `${100 * u}%`;
    dot.style.top = `${100 * v}%`;
    square.setAttribute("aria-valuenow", Math.round(100 * u));
    square.setAttribute("aria-valuetext", text);
  };
  square.onpointerdown = event => { square.setPointerCapture(event.pointerId); drag(event); };
  square.onpointermove = event => event.buttons && drag(event);
  square.onpointerup = done;
  square.onkeydown = event => {
    const [right, down] = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]}[event.key] || [0, 0];
    if (!right && !down) return;
    event.preventDefault();
    moved(share(at.u + right / 50), share(at.v + down / 50));
  };
  square.onkeyup = done;
  return square;
}

// What lies under a pad: a sheet of tiles x tiles pictures, of z(u, v) in the middle of each tile.
function sheet(explorer, tiles) {
  const {about: {size}, painter} = explorer, canvas = h("canvas", {"aria-hidden": "true"});
  canvas.width = canvas.height = tiles * size;
  canvas.fill = (owner, z) => {
    const places = Array.from({length: tiles * tiles}, (_, i) => [i % tiles, Math.floor(i / tiles)]);
    painter.small(owner, places.map(place => z(...place.map(k => (k + 0.5) / tiles))), (pixels, i) => {
      canvas.getContext("2d").putImageData(new ImageData(pixels, size, size), ...places[i].map(k => k * size));
      canvas.classList.add("drawn");
    });
  };
  return canvas;
}

// ---- twelve faces to begin with

class SheetTool extends Tool {
  name = "sheet";
  label = "Choose";

  build() {
    this.thumbs = Array.from({length: 12}, (_, i) => this.thumb("", () => this.explorer.move(this.faces[i], this)));
    this.deal(this.about.seeds);
    return [this.note(`Choose a ${this.about.noun} to begin with. ${this.about.note}`), h("div", {class: "sheet"}, ...this.thumbs),
            h("button", {type: "button", class: "others", onclick: () => this.deal(Array.from({length: 12}, randomSeed))},
              "Twelve others")];
  }

  deal(seeds) {
    this.faces = this.thumbs.map((_, i) => ofSeed(this.about, i < seeds.length ? seeds[i] : randomSeed()));
    this.thumbs.forEach((thumb, i) => {
      thumb.title = this.faces[i].name;
      thumb.setAttribute("aria-label", this.faces[i].name);
    });
    this.fill(this.thumbs, this.faces.map(face => face.z));
  }
}

// ---- sliders that add directions, and the numbers themselves

class ChangeTool extends Tool {
  name = "change";
  strips = [];
  controls = [];  // {key, set(amount)}

  get label() { return items(this.about).length ? "Change" : "Numbers"; }

  build() {
    const {groups, strongest} = this.about;
    const folded = (title, open, ...inside) => h("details", {open}, h("summary", {}, title), ...inside);
    const parts = groups.map(group => h("fieldset", {}, h("legend", {}, group.name),
      ...(group.swatches ? [this.swatches(group)] : group.items.map(item => this.slider(item)))));
    if (strongest.length) {
      this.strong = folded("strongest changes", !groups.length,
        this.note("Directions that the first layer stretches most. They have no names: find some."),
        ...strongest.map(item => this.striped(item)));
      this.strong.ontoggle = () => this.follow();
      parts.push(this.strong);
    }
    this.raw = new RawNumbers(this);
    return [...parts, folded("raw numbers", !parts.length, ...this.raw.build())];
  }

  slider(item) {
    const {reach} = this.about, value = h("output"), change = amount => {
      this.amount(item.key, amount);
      value.textContent = signed(amount);
    };
    const input = range(item.name, {min: -reach, max: reach, step: 0.05, value: 0}, change, () => this.done());
    const set = amount => {
      input.set(amount);
      value.textContent = amount ? signed(amount) : "0";
    };
    input.ondblclick = () => { set(0); this.amount(item.key, 0); this.done(); };
    set(0);
    this.controls.push({key: item.key, set});
    return h("div", {class: "row", title: "a double click: 0"}, h("span", {"aria-hidden": "true"}, item.name), input, value);
  }

  striped(item) {
    const {reach} = this.about, at = [-1, -0.5, 0, 0.5, 1].map(share => share * reach);
    const thumbs = at.map(amount => this.thumb(`${item.name} ${amount ? signed(amount) : "0"}`, () => {
      this.amount(item.key, amount);
      this.follow();
      this.done();
    }));
    this.strips.push({key: item.key, at, thumbs});
    return h("div", {class: "striped"}, h("div", {class: "strip"}, ...thumbs), this.slider(item));
  }

  swatches(group) {
    const buttons = group.items.map(item => {
      const button = h("button", {type: "button", class: "swatch", "aria-pressed": "false", onclick: () => {
        const on = !this.explorer.face.amounts[item.key], amounts = {};
        for (const other of group.items) amounts[other.key] = other === item && on ? 1 : 0;
        this.amount(null, 0, amounts);
        this.follow();
        this.done();
      }}, h("span", {style: `background: ${item.colour}`}), item.name);
      this.controls.push({key: item.key, set: amount => button.setAttribute("aria-pressed", amount > 0)});
      return button;
    });
    return h("div", {class: "swatches"}, ...buttons);
  }

  amount(key, amount, several = {[key]: amount}) {
    if (key !== this.last) this.explorer.flush();  // another slider: what the last one did stays
    this.last = key;
    const {face} = this.explorer;
    this.explorer.go({...face, amounts: {...face.amounts, ...several}}, this);
    this.raw.follow();
  }

  done() {
    this.explorer.rest();
    this.fillStrips();
  }

  follow() {
    for (const {key, set} of this.controls) set(this.explorer.face.amounts[key] || 0);
    this.raw.follow();
    this.fillStrips();
  }

  fillStrips() {
    if (!this.strong?.open) return;
    const {face} = this.explorer;
    const zs = this.strips.flatMap(strip => strip.at.map(
      amount => shown(this.about, {...face, amounts: {...face.amounts, [strip.key]: amount}})));
    this.fill(this.strips.flatMap(strip => strip.thumbs), zs);
  }
}
