// Five short steps that tell what is to be seen; whoever knows it skips them.

const SCENES = [
  ["Two players", "Blue points are real. Orange points are G's: it makes each from two random numbers and never sees a real one. It only hears what D says.",
   "healthy", {surface: false, arrows: false}, 10],
  ["D draws a map", "D learns to tell blue from orange. The background is its opinion of every place: blue for real, orange for generated. Where it cannot tell, there is neither.",
   "healthy", {surface: true, arrows: false}, 60],
  ["G follows the arrows", "Each arrow is the gradient at one of G's points: the way on which D would believe it more. G moves its points along, then D moves again.",
   "healthy", {surface: true, arrows: true}, 10],
  ["Break it", "Now G learns 40 times as fast as D. All its points run to the place that D likes best at the moment. D notices, and the crowd runs on: mode collapse.",
   "hopping", {surface: true, arrows: true}, 60],
  ["Cure it", "Players of one layer circle around a single mode and never rest. R1 makes D flat where real points are. Move its slider to 1 while they play, and watch the circle close in.",
   "circling", {surface: true, arrows: false}, 60],
];

function stepsOf(duel) {
  const title = h("h2", {class: "step-title"}), text = h("p", {}), box = h("section", {class: "steps", "aria-label": "Five short steps"});
  let at = -1;
  const button = (words, onclick, name = "") => h("button", {type: "button", class: name, onclick}, words);
  const back = button("Back", () => go(at - 1)), next = button("Next", () => go(at + 1), "next");
  const skip = button("Skip", () => { box.hidden = true; duel.plane.focus({preventScroll: true}); });
  const go = to => {
    at = to;
    if (!(at in SCENES)) return void (box.hidden = true);
    const [name, words, preset, seen, speed] = SCENES[at];
    title.textContent = `${at + 1} of ${SCENES.length} · ${name}`;
    text.textContent = words;
    back.disabled = !at;
    next.textContent = at === SCENES.length - 1 ? "Play on" : "Next";
    if (!duel.game) return;  // the first step, when the page opens, leaves the link's game as it is
    location.hash = presetLink(preset);
    duel.read();
    Object.assign(duel.seen, seen);
    duel.setSpeed(speed);
    duel.show();
    duel.run(true);
  };
  box.append(title, text, h("div", {class: "bar"}, back, next, skip));
  go(0);
  return box;
}
