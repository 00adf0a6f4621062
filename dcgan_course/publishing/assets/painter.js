// Elements and pictures, the large one and the small ones.

function h(tag, options = {}, ...children) {  // an element
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name.startsWith("on")) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function paint(canvas, pixels, size) {
  if (canvas.width !== size) canvas.width = canvas.height = size;
  canvas.getContext("2d").putImageData(new ImageData(pixels, size, size), 0, 0);
  canvas.classList.add("drawn");
}

// One picture at a time: the large one first, of which the latest wish counts, then the small ones.
class Painter {
  constructor(backend, working, failed) {  // working(yes): whether anything is being drawn
    Object.assign(this, {backend, working, failed, wish: null, jobs: new Map(), busy: false});
  }

  large(z, done) {
    this.wish = {z, done};
    this.run();
  }

  small(owner, zs, done) {  // replaces what the owner still waits for; done(pixels, i)
    this.jobs.set(owner, {zs, done, next: 0});
    this.run();
  }

  async run() {
    if (this.busy) return;
    this.working(this.busy = true);
    try {
      while (this.wish || this.jobs.size) await (this.wish ? this.drawLarge() : this.drawSmall());
    } catch (error) {
      this.wish = null;
      this.jobs.clear();
      this.failed(error);
    }
    this.working(this.busy = false);
  }

  async drawLarge() {
    const {z, done} = this.wish;
    this.wish = null;
    done((await this.backend.draw([z]))[0], z);
  }

  async drawSmall() {
    const [owner, job] = this.jobs.entries().next().value, begin = job.next;
    const part = job.zs.slice(begin, begin + this.backend.batch);
    job.next += part.length;
    if (job.next >= job.zs.length) this.jobs.delete(owner);
    const drawn = await this.backend.draw(part);
    drawn.forEach((pixels, i) => job.done(pixels, begin + i));
  }
}
