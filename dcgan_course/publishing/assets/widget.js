// In a notebook or as a Voila page: the kernel draws. Python's end is widgets.py.

const PATIENCE = 30_000;  // milliseconds that a kernel may be busy with something else

function kernel(model) {
  const waiting = new Map(), name = Math.random().toString(36).slice(2);
  let asked = 0;
  model.on("msg:custom", (content, buffers) => waiting.get(content.id)?.(content, buffers));

  function ask(content, zs) {
    const id = `${name} ${++asked}`, numbers = Float32Array.from(zs.flat());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => answer({error: "The kernel does not answer: is it running? Run the cell again."}), PATIENCE);
      function answer(found, buffers) {
        clearTimeout(timer);
        waiting.delete(id);
        found.error ? reject(new Error(found.error)) : resolve({...found, buffers});
      }
      waiting.set(id, answer);
      model.send({...content, id, count: zs.length}, undefined, [numbers.buffer]);
    });
  }

  return {
    batch: 25, page: false, face: null,
    async draw(zs) {
      const {buffers: [all]} = await ask({kind: "draw"}, zs);
      const bytes = new Uint8ClampedArray(all.buffer, all.byteOffset, all.byteLength), one = bytes.length / zs.length;
      return zs.map((_, i) => bytes.slice(i * one, (i + 1) * one));
    },
    async save(kind, zs, name, smooth) { return (await ask({kind, smooth}, zs)).words; },
    settled(face) {
      this.face = face;
      model.set("face", {...face});
      model.save_changes();
    },
  };
}

export default {
  render({model, el}) {
    const root = h("section", {class: "latent", "data-lm-suppress-shortcuts": "true"}), backend = kernel(model);
    el.append(root);
    const explorer = new Explorer(root, model.get("about"), backend, model.get("face"));
    const follow = () => {  // what Python sets
      const face = model.get("face");
      if (JSON.stringify(face) !== JSON.stringify(backend.face)) explorer.move({...face});
    };
    model.on("change:face", follow);
    return () => { explorer.stop(); model.off("change:face", follow); };
  },
};
