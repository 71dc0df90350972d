/* A mask that is drawn on: a byte for each pixel of the image, 255 inside and 0 outside. An action lasts from `begin` to `end`;
   what it changed is kept as a patch, so that it can be undone and done again. Points and radius are in pixels of the image. */
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

export class Mask {
  /* `tall`: the height of a pixel as a multiple of its width; a brush is round on the patient, not on the grid. */
  constructor({ columns, rows, tall }) {
    Object.assign(this, { columns, rows, tall });
    this.grey = new Uint8Array(columns * rows);
    this.done = [];
    this.undone = [];
    this.before = null;
  }

  /* Whether there is anything that could be lost. */
  get touched() {
    return this.done.length > 0;
  }

  /* Whether an action goes on. */
  get open() {
    return this.before !== null;
  }

  get pixels() {
    let count = 0;
    for (const value of this.grey) count += value & 1;
    return count;
  }

  begin() {
    this.before = this.grey.slice();
    this.box = null;
  }

  /* A round brush drawn along a line. Gives the box that it touched. */
  stroke(from, to, radius, value) {
    const high = radius / this.tall;
    const box = this.#within({
      left: Math.min(from.x, to.x) - radius,
      right: Math.max(from.x, to.x) + radius,
      top: Math.min(from.y, to.y) - high,
      bottom: Math.max(from.y, to.y) + high,
    });
    const [dx, dy] = [to.x - from.x, (to.y - from.y) * this.tall];
    const long = dx * dx + dy * dy || 1;
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
        const [px, py] = [x + 0.5 - from.x, (y + 0.5 - from.y) * this.tall];
        const along = clamp((px * dx + py * dy) / long, 0, 1);
        if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius) this.#set(x, y, value);
      }
    }
    /* The finest brush would slip between the middles of pixels: the one under its point always belongs to it. */
    this.#set(Math.floor(to.x), Math.floor(to.y), value);
    return this.#grown(box);
  }

  /* The inside of a polygon (even-odd); a pixel belongs to it whose middle does. */
  fill(points, value) {
    const box = this.#within({
      left: Math.min(...points.map(({ x }) => x)),
      right: Math.max(...points.map(({ x }) => x)),
      top: Math.min(...points.map(({ y }) => y)),
      bottom: Math.max(...points.map(({ y }) => y)),
    });
    for (let y = box.top; y < box.bottom; y++) {
      const crossings = crossingsOf(points, y + 0.5);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const last = Math.ceil(crossings[i + 1] - 0.5);
        for (let x = Math.max(box.left, Math.ceil(crossings[i] - 0.5)); x < last; x++) this.#set(x, y, value);
      }
    }
    return this.#grown(box);
  }

  /* Everything at once, from values where more than half is inside. */
  replace(values) {
    for (let i = 0; i < this.grey.length; i++) this.grey[i] = values[i] > 127 ? 255 : 0;
    return this.#grown({ left: 0, top: 0, right: this.columns, bottom: this.rows });
  }

  end() {
    const box = this.box ?? { left: 0, top: 0, right: 0, bottom: 0 };
    this.done.push({ box, before: this.#cut(this.before, box), after: this.#cut(this.grey, box) });
    this.undone = [];
    this.before = null;
  }

  /* Take back an action that has not ended. */
  cancel() {
    this.grey = this.before;
    this.before = null;
  }

  undo() {
    const patch = this.done.pop();
    if (!patch) return;
    this.undone.push(patch);
    this.#paste(patch.box, patch.before);
  }

  redo() {
    const patch = this.undone.pop();
    if (!patch) return;
    this.done.push(patch);
    this.#paste(patch.box, patch.after);
  }

  /* As if nothing had ever been drawn. */
  discard() {
    this.grey.fill(0);
    this.done = [];
    this.undone = [];
  }

  #set(x, y, value) {
    if (x >= 0 && y >= 0 && x < this.columns && y < this.rows) this.grey[y * this.columns + x] = value;
  }

  #within({ left, top, right, bottom }) {
    return {
      left: clamp(Math.floor(left), 0, this.columns),
      top: clamp(Math.floor(top), 0, this.rows),
      right: clamp(Math.ceil(right) + 1, 0, this.columns),
      bottom: clamp(Math.ceil(bottom) + 1, 0, this.rows),
    };
  }

  #grown(box) {
    const whole = this.box ?? box;
    this.box = {
      left: Math.min(whole.left, box.left),
      top: Math.min(whole.top, box.top),
      right: Math.max(whole.right, box.right),
      bottom: Math.max(whole.bottom, box.bottom),
    };
    return box;
  }

  #cut(grey, { left, top, right, bottom }) {
    const rows = [];
    for (let y = top; y < bottom; y++) rows.push(grey.slice(y * this.columns + left, y * this.columns + right));
    return rows;
  }

  #paste({ left, top }, rows) {
    rows.forEach((row, i) => this.grey.set(row, (top + i) * this.columns + left));
  }
}

/* Where a polygon's edges cross a row, from left to right. */
function crossingsOf(points, y) {
  const found = [];
  points.forEach((from, i) => {
    const to = points[(i + 1) % points.length];
    if (from.y <= y === to.y <= y) return;
    found.push(from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x));
  });
  return found.sort((a, b) => a - b);
}
