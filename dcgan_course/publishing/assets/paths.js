// Tools that leave the face for others: its neighbours, mixtures, a walk.

// ---- around the face

class VariationTool extends Tool {
  name = "variations";
  label = "Variations";
  far = 0.4;
  roll = 1;

  build() {
    this.thumbs = Array.from({length: 9}, (_, i) => this.thumb(
      i === 4 ? `the ${this.about.noun} that is shown` : `variation ${i < 4 ? i + 1 : i}`, () => this.take(i)));
    this.thumbs[4].classList.add("centre");
    const far = range("how far", {min: 0.05, max: 1, step: 0.05, value: this.far}, value => { this.far = value; this.follow(); });
    return [this.note("The middle is what you see; around it, its neighbours. Choose one to move there."),
      h("div", {class: "nine"}, ...this.thumbs), h("label", {class: "row"}, "how far", far),
      h("button", {type: "button", class: "others", onclick: () => { this.roll += 1; this.follow(); }}, "Eight others")];
  }

  follow() {
    const uniform = stream(this.roll), z = this.explorer.z;
    this.around = this.thumbs.map((_, i) => (i === 4 ? z : varied(this.about, z, this.far, uniform)));
    this.fill(this.thumbs, this.around);
  }

  take(i) {
    if (i === 4) return;
    const name = this.explorer.face.name.replace(/^a variation of /, "");
    this.roll += 1;
    this.explorer.move({z: this.around[i], amounts: {}, name: `a variation of ${name}`});
  }
}

// ---- between faces

class BetweenTool extends Tool {  // ends are faces with a z; the first one is the face that was shown
  opened() {
    const {about, explorer} = this;
    this.ends = this.thumbs.map((_, i) => (i ? ofSeed(about, randomSeed(), explorer.face.label) : {...explorer.face, z: explorer.z, amounts: {}}));
    this.begin();
    this.fillEnds();
  }

  follow() { this.opened(); }

  fillEnds() {
    const zs = this.ends.map(end => end.z);
    this.fill(this.thumbs, zs);
    this.sheet?.fill(`${this.name} sheet`, (u, v) => mixed(this.about, zs, u, v));
  }

  end(i, words) {  // its picture, to go there, and a die for another one
    this.thumbs[i] = this.thumb(words, () => this.at(i));
    const die = this.die(`another one: ${words}`, () => {
      this.stop?.();
      this.ends[i] = ofSeed(this.about, randomSeed(), this.about.classes ? Math.floor(Math.random() * this.about.classes) : undefined);
      this.fillEnds();
      this.place();
      this.explorer.settle();
    });
    return h("div", {class: "end"}, this.thumbs[i], die);
  }
}

class CornerTool extends BetweenTool {
  name = "corners";
  label = "Corners";
  thumbs = [];

  build() {
    this.pad = pad("between the four corners", (u, v) => this.put(u, v), () => this.explorer.rest());
    this.sheet = sheet(this.explorer, 5);
    this.pad.cover(this.sheet);
    const corners = ["upper left", "upper right", "lower left", "lower right"].map((words, i) => this.end(i, words));
    return [this.note("Drag the dot: every point is a mixture of the four corners."),
            h("div", {class: "square"}, corners[0], this.pad, ...corners.slice(1))];
  }

  begin() { this.mark(0, 0); }

  mark(u, v) {
    Object.assign(this, {u, v});
    this.words = `${Math.round(100 * u)} % right, ${Math.round(100 * v)} % down`;
    this.pad.put(u, v, this.words);
  }

  at(i) {
    this.put(i % 2, i > 1 ? 1 : 0);
    this.explorer.settle();
  }

  put(u, v) {
    this.mark(u, v);
    this.place();
  }

  place() {
    const z = mixed(this.about, this.ends.map(end => end.z), this.u, this.v);
    this.explorer.go({z, amounts: {}, name: `${this.words} between four`}, this);
  }
}

class WalkTool extends BetweenTool {
  name = "walk";
  label = "Walk";
  thumbs = [];
  timer = null;

  build() {
    this.slider = range("how far on the way", {min: 0, max: FRAMES - 1, step: 1, value: 0},
      () => { this.stop(); this.place(); }, () => this.explorer.rest());
    this.player = h("button", {type: "button", class: "play", onclick: () => (this.timer ? this.stop() : this.play())}, "▶ Play");
    return [this.note("From what you see to another one, and back."),
      h("div", {class: "way"}, this.end(0, "the beginning"), this.slider, this.end(1, "the end")),
      h("div", {class: "bar"}, this.player,
        h("button", {type: "button", class: "gif", onclick: () => this.film()}, "Save as GIF"))];
  }

  begin() { this.slider.set(0); }

  at(i) {
    this.stop();
    this.slider.set(i * (FRAMES - 1));
    this.place();
    this.explorer.settle();
  }

  z(step) { return path(this.about, this.ends[0].z, this.ends[1].z, step / (FRAMES - 1)); }

  place() {
    const step = Number(this.slider.value), [a, b] = this.ends.map(end => end.name);
    const name = step === 0 ? a : step === FRAMES - 1 ? b : `${Math.round(100 * step / (FRAMES - 1))} % from ${a} to ${b}`;
    this.explorer.go(step === 0 ? this.ends[0] : step === FRAMES - 1 ? this.ends[1] : {z: this.z(step), amounts: {}, name}, this);
  }

  play() {
    let ahead = Number(this.slider.value) < FRAMES - 1 ? 1 : -1;
    this.player.textContent = "■ Stop";
    this.timer = setInterval(() => {
      const step = Number(this.slider.value) + ahead;
      this.slider.set(step);
      this.place();
      if (step <= 0 || step >= FRAMES - 1) ahead = -ahead;
    }, 80);
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.player.textContent = "▶ Play";
    this.explorer.settle();
  }

  film() {
    this.stop();
    const there = Array.from({length: FRAMES}, (_, i) => this.z(i));
    this.explorer.save("gif", [...there, ...there.slice(1, -1).reverse()], "walk");
  }
}
