// What is seen of a game: the plane with D's surface, both kinds of points, arrows and trail; and the two losses.

const REACH = 3;  // the plane goes from -REACH to REACH
const CELLS = 40, ARROWS = 60, TRAIL = 240, KEPT = 600;  // cells of the surface, arrows, steps of the trail and the curves

const COLOURS = {
  light: {ground: "#ffffff", real: "#0072b2", fake: "#d55e00", surface: [[240, 168, 120], [255, 255, 255], [127, 184, 220]],
          ink: "#1b1b1f", soft: "#5a5a63", line: "#d4d7de", trail: "#1b1b1f"},
  dark: {ground: "#111111", real: "#56b4e9", fake: "#ff9a57", surface: [[122, 62, 20], [22, 22, 26], [16, 70, 110]],
         ink: "#ececf1", soft: "#a9a9b3", line: "#3b3b45", trail: "#ffffff"},
};
const colours = element => COLOURS[getComputedStyle(element).colorScheme === "dark" ? "dark" : "light"];

// A canvas's context, with as many pixels as the screen has for it, in units of CSS pixels.
function fitted(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return {context, width, height};
}

const CENTRES = (() => {  // of the cells, row by row from above
  const at = k => ((k + 0.5) / CELLS * 2 - 1) * REACH, all = new Float64Array(2 * CELLS * CELLS);
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++) all.set([at(column), -at(row)], 2 * (row * CELLS + column));
  return all;
})();

const small = document.createElement("canvas");
small.width = small.height = CELLS;

// D(x) as the course shows it: a probability; of least squares the raw answer, 1 for real.
const believed = (loss, logit) => (loss === "least_squares" ? Math.max(0, Math.min(1, logit)) : sigmoid(logit));

function drawSurface(context, width, game, [fake, even, real]) {
  const {y} = game.D.forward(CENTRES, CELLS * CELLS), image = new ImageData(CELLS, CELLS);
  y.forEach((logit, k) => {
    const D = believed(game.settings.loss, logit), [from, to, t] = D < 0.5 ? [fake, even, 2 * D] : [even, real, 2 * D - 1];
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = from[c] + (to[c] - from[c]) * t;
    image.data[4 * k + 3] = 255;
  });
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, width, width);
}

// What changes slowly lies below, on a canvas of its own: D's surface and the real points. It is drawn anew where `fresh`.
const below = document.createElement("canvas");

function drawBelow(canvas, width, px, py, game, seen, tone) {
  below.width = canvas.width;
  below.height = canvas.height;
  const context = below.getContext("2d");
  context.scale(canvas.width / width, canvas.width / width);
  context.fillStyle = tone.ground;
  context.fillRect(0, 0, width, width);
  if (seen.surface) drawSurface(context, width, game, tone.surface);
  if (game.places.length) dots(context, game.shownReal, px, py, tone.real, 1.6);
}

function drawPlane(canvas, game, seen, fresh) {
  const {context, width} = fitted(canvas), tone = colours(canvas), points = game.points();
  const px = x => (x / REACH + 1) / 2 * width, py = y => (1 - y / REACH) / 2 * width;
  if (fresh || below.width !== canvas.width) drawBelow(canvas, width, px, py, game, seen, tone);
  context.drawImage(below, 0, 0, width, width);
  if (seen.trail && game.trail.length > 1) drawTrail(context, game.trail, px, py, tone.trail);
  dots(context, points, px, py, tone.fake, 2.2);
  if (seen.arrows) drawArrows(context, points.subarray(0, 2 * ARROWS), game, px, py, tone.ink);
  if (game.cross) drawCross(context, px(game.cross[0]), py(game.cross[1]), tone.ink);
  return points;
}

// Each point is a stamp of the same disc: a path for each takes several times as long.
const stamps = {};

function stamp(colour, radius, ratio) {
  const key = `${colour} ${radius} ${ratio}`;
  if (key in stamps) return stamps[key];
  const disc = stamps[key] = document.createElement("canvas"), half = Math.ceil(radius * ratio) + 1;
  disc.width = disc.height = 2 * half;
  const context = disc.getContext("2d");
  context.fillStyle = colour;
  context.arc(half, half, radius * ratio, 0, 7);
  context.fill();
  return disc;
}

function dots(context, list, px, py, colour, radius) {
  const ratio = context.getTransform().a, disc = stamp(colour, radius, ratio), size = disc.width / ratio;
  for (let k = 0; k < list.length; k += 2)
    context.drawImage(disc, px(list[k]) - size / 2, py(list[k + 1]) - size / 2, size, size);
}

const FADES = 12;  // parts of the trail, each fainter than the next

function drawTrail(context, trail, px, py, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  for (let part = 0; part < FADES; part++) {
    const [from, to] = [part, part + 1].map(k => Math.round(k / FADES * (trail.length - 1)));
    context.globalAlpha = 0.75 * (part + 1) / FADES;
    context.beginPath();
    trail.slice(from, to + 1).forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](px(x), py(y)));
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawCross(context, x, y, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  for (const [u, v] of [[9, 0], [0, 9]]) {
    context.moveTo(x - u, y - v);
    context.lineTo(x + u, y + v);
  }
  context.stroke();
}

function drawArrows(context, points, game, px, py, colour) {
  const pull = game.pull(points);
  context.strokeStyle = colour;
  context.lineWidth = 1.3;
  context.beginPath();
  for (let k = 0; k < points.length; k += 2) {
    const size = Math.hypot(pull[k], pull[k + 1]);
    if (size < 1e-3) continue;
    const long = Math.min(0.7, 0.5 * size) / size;  // the longest ones are cut
    const [x, y, u, v] = [px(points[k]), py(points[k + 1]), px(points[k] + long * pull[k]), py(points[k + 1] + long * pull[k + 1])];
    const angle = Math.atan2(v - y, u - x);
    context.moveTo(x, y);
    context.lineTo(u, v);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(u, v);
      context.lineTo(u + 4 * Math.cos(angle + turn), v + 4 * Math.sin(angle + turn));
    }
  }
  context.stroke();
}

// D's loss where it answers one half for everything, or 0 where answers are not probabilities.
const GUESSED = {non_saturating: 2 * Math.log(2), minimax: 2 * Math.log(2), least_squares: 0.25, hinge: 2};

// Both losses over the last steps, and what they are when D can only guess.
function drawCurves(canvas, game) {
  const {context, width, height} = fitted(canvas), tone = colours(canvas), shown = game.history;
  const guess = GUESSED[game.settings.loss];
  const left = 34, bottom = 20, all = [...shown.flat(), guess, 0];
  const [low, high] = [Math.max(-4, Math.min(...all)), Math.min(4, Math.max(...all) * 1.1)];
  const px = k => left + k / Math.max(KEPT / 6, shown.length - 1) * (width - left - 8);
  const py = v => 6 + (high - Math.max(low, Math.min(high, v))) / (high - low) * (height - bottom - 10);
  context.font = "12px system-ui, sans-serif";
  const rule = (value, dash) => {
    context.strokeStyle = tone.line;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(left, py(value));
    context.lineTo(width - 8, py(value));
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = tone.soft;
    context.fillText(value.toFixed(value ? 2 : 0), 2, py(value) + 4);
  };
  rule(0, []);
  rule(guess, [5, 4]);
  [tone.real, tone.fake].forEach((colour, which) => {
    context.strokeStyle = colour;
    context.lineWidth = 1.4;
    context.beginPath();
    shown.forEach((pair, k) => context[k ? "lineTo" : "moveTo"](px(k), py(pair[which])));
    context.stroke();
  });
  context.fillStyle = tone.soft;
  context.fillText(`the last ${shown.length} steps`, left, height - 5);
}
