// The game: data on the plane, one step of both players, and the settings that a link carries.
// `stream` and `gauss` are those of latent.js.

const BATCH = 128, WIDTH = 32, SHOWN = 400;  // points in a step, units in a layer, points of G that are drawn
const SPREAD = 0.1;  // standard deviation around each place

const ring = Array.from({length: 8}, (_, k) => [2 * Math.cos(k * Math.PI / 4), 2 * Math.sin(k * Math.PI / 4)]);
const grid = [-2, 0, 2].flatMap(x => [-2, 0, 2].map(y => [x, y]));
const along = (n, place) => Array.from({length: n}, (_, k) => place(k / (n - 1)));
const spiral = along(200, t => [(0.3 + 2 * t) * Math.cos(9 * t), (0.3 + 2 * t) * Math.sin(9 * t)]);
const moons = along(200, t => (t < 0.5 ? [2 * Math.cos(2 * Math.PI * t) - 0.8, 2 * Math.sin(2 * Math.PI * t) - 0.5]
  : [2 * Math.cos(2 * Math.PI * t) + 0.8, 2 * Math.sin(2 * Math.PI * t) + 0.5]));

// Where real points are: around one of these places. `modes`: whether they are few enough to be counted.
const DATA = {ring: {name: "Ring", places: ring, modes: true}, grid: {name: "Grid", places: grid, modes: true},
              moons: {name: "Two moons", places: moons}, spiral: {name: "Spiral", places: spiral},
              one: {name: "One mode", places: [[1.3, 0.9]], modes: true}, own: {name: "Your own", places: []}};

const USUAL = {data: "ring", loss: "non_saturating", lrD: 0.002, lrG: 0.002, r1: 0, linear: false, seed: 0};

class Game {
  constructor(settings, own = []) {
    Object.assign(this, {settings, step: 0, history: []});
    this.places = settings.data === "own" ? own : DATA[settings.data].places;
    const begin = stream(settings.seed), sizes = settings.linear ? [2, 1] : [2, WIDTH, WIDTH, 1];
    this.G = new Network(settings.linear ? [2, 2] : [2, WIDTH, WIDTH, 2], begin);
    this.D = new Network(sizes, begin);
    this.optG = new Adam(this.G);
    this.optD = new Adam(this.D);
    this.uniform = stream(settings.seed + 1);
    const fixed = stream(settings.seed + 2);
    this.z = Float64Array.from({length: 2 * SHOWN}, () => gauss(fixed));  // of the points that are drawn
  }

  real(n, uniform = this.uniform) {
    const x = new Float64Array(2 * n);
    for (let k = 0; k < n; k++) {
      const place = this.places[Math.floor(uniform() * this.places.length)];
      x[2 * k] = place[0] + SPREAD * gauss(uniform);
      x[2 * k + 1] = place[1] + SPREAD * gauss(uniform);
    }
    return x;
  }

  // D moves, then G answers the D that has just moved; as d_step and g_step of the course.
  play() {
    const {G, D, settings: {loss, lrD, lrG, r1}} = this, losses = LOSSES[loss];
    const x = this.real(BATCH), z = Float64Array.from({length: 2 * BATCH}, () => gauss(this.uniform));
    const drawn = G.forward(z, BATCH);

    D.forget();
    const real = D.forward(x, BATCH), fake = D.forward(drawn.y, BATCH);
    const costReal = cost(real.y, losses.real), costFake = cost(fake.y, losses.fake);
    D.backward(real, costReal.slopes);
    D.backward(fake, costFake.slopes);
    const penalty = r1 ? D.penalty(real, r1) : 0;
    this.optD.step(lrD);

    G.forget();
    const again = D.forward(drawn.y, BATCH), costG = cost(again.y, losses.g);
    G.backward(drawn, D.backward(again, costG.slopes, false));
    this.optG.step(lrG);

    this.step++;
    this.drawn = null;
    this.losses = {D: costReal.loss + costFake.loss + penalty, G: costG.loss};
    this.history.push([this.losses.D, this.losses.G]);
  }

  points() { return this.drawn ??= this.G.forward(this.z, SHOWN).y; }  // once a step

  // Where G's points are pulled: minus the gradient of G's loss at each of them, times their number.
  pull(points) {
    const n = points.length / 2, pass = this.D.forward(points, n);
    return this.D.backward(pass, cost(pass.y, LOSSES[this.settings.loss].g).slopes, false).map(g => -g * n);
  }

  // As in lesson 01: the modes that have at least 2 % of the points near them, and the share of points near any.
  score(points) {
    const n = points.length / 2, counts = this.places.map(() => 0);
    let near = 0;
    for (let k = 0; k < n; k++) {
      let best = 0, least = Infinity;
      this.places.forEach(([x, y], i) => {
        const far = Math.hypot(points[2 * k] - x, points[2 * k + 1] - y);
        if (far < least) [best, least] = [i, far];
      });
      if (least < 3 * SPREAD) { counts[best]++; near++; }
    }
    return {covered: counts.filter(count => count >= 0.02 * n).length, near: near / n, fullest: Math.max(...counts) / n};
  }
}
