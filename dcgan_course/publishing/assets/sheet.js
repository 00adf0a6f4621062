// A sheet of pictures, of which a click or the arrow keys choose one. Python's end is widgets.py.

export default {
  render({model, el}) {
    const columns = model.get("columns"), root = document.createElement("div"), picture = document.createElement("img");
    const url = URL.createObjectURL(new Blob([model.get("picture")]));
    root.style.cssText = "position: relative; width: 100%";
    root.setAttribute("data-lm-suppress-shortcuts", "true");
    picture.style.cssText = "display: block; width: 100%; border-radius: 4px";
    Object.assign(picture, {src: url, alt: model.get("words")});
    const board = document.createElement("div");
    board.style.cssText = `position: absolute; inset: 0; display: grid; grid: auto-flow 1fr / repeat(${columns}, 1fr)`;
    const choose = (place) => {
      model.set("place", Math.max(0, Math.min(places.length - 1, place)));
      model.save_changes();
    };
    const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns};
    const places = Array.from({length: columns * model.get("rows")}, (_, i) => {
      const button = document.createElement("button");
      button.style.cssText = "border: 0; padding: 0; margin: 0; background: none; cursor: pointer; outline-offset: -1px";
      button.ariaLabel = `place ${i + 1}`;
      button.onclick = () => choose(i);
      button.onkeydown = (event) => {
        if (!(event.key in steps)) return;
        event.preventDefault();
        choose(i + steps[event.key]);
        places[model.get("place")].focus();
      };
      return button;
    });
    const mark = () => places.forEach((button, i) => {
      const chosen = i === model.get("place");
      button.ariaPressed = String(chosen);
      button.tabIndex = chosen ? 0 : -1;  // Tab enters the sheet at the chosen place, and leaves it
      button.style.outline = chosen ? "3px solid #D55E00" : "";
    });
    board.append(...places);
    root.append(picture, board);
    el.append(root);
    model.on("change:place", mark);
    mark();
    return () => { model.off("change:place", mark); URL.revokeObjectURL(url); };
  },
};
