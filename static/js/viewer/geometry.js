/* Where the image stands in a viewport. A view is {zoom: multiple of what fits, x and y: the point of the image in the
   middle, as shares of its size, turns: quarter turns clockwise, flipped: left to right on the screen}.
   An image is {columns, rows, tall: height of a pixel as multiple of its width}; a box is {width, height} in CSS pixels. */
export const FITTED = { zoom: 1, x: 0.5, y: 0.5 };
export const UPRIGHT = { turns: 0, flipped: false };
export const ZOOM = { least: 0.5, most: 40 };

/* Cosine and sine of quarter turns, without the crumbs that Math.cos leaves. */
const QUARTERS = [[1, 0], [0, 1], [-1, 0], [0, -1]];
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

function turned({ turns, flipped }) {
  const [cos, sin] = QUARTERS[turns];
  const side = flipped ? -1 : 1;
  return new DOMMatrix([side * cos, sin, side * -sin, cos, 0, 0]);
}

/* CSS pixels that one pixel of the image is wide. */
export function scaleOf(view, box, image) {
  const high = image.rows * image.tall;
  const [across, down] = view.turns % 2 ? [high, image.columns] : [image.columns, high];
  return view.zoom * Math.min(box.width / across, box.height / down);
}

/* From pixels of the image to CSS pixels of the box, as a DOMMatrix. */
export function matrixOf(view, box, image) {
  const scale = scaleOf(view, box, image);
  return new DOMMatrix()
    .translate(box.width / 2, box.height / 2)
    .multiply(turned(view))
    .scale(scale, scale * image.tall)
    .translate(-view.x * image.columns, -view.y * image.rows);
}

/* The point of the image under a point of the box, in pixels of the image. */
export function pointAt(view, box, image, { x, y }) {
  return matrixOf(view, box, image).inverse().transformPoint(new DOMPoint(x, y));
}

/* The view after the image was drawn along by so many CSS pixels. */
export function panned(view, box, image, dx, dy) {
  const point = pointAt(view, box, image, { x: box.width / 2 - dx, y: box.height / 2 - dy });
  return { x: clamp(point.x / image.columns, 0, 1), y: clamp(point.y / image.rows, 0, 1) };
}

/* The view after zooming by a factor, the point of the image under `at` staying where it is. */
export function zoomed(view, box, image, factor, at = { x: box.width / 2, y: box.height / 2 }) {
  const zoom = clamp(view.zoom * factor, ZOOM.least, ZOOM.most);
  const held = pointAt(view, box, image, at);
  const shifted = matrixOf({ ...view, zoom }, box, image).transformPoint(held);
  return { zoom, ...panned({ ...view, zoom }, box, image, at.x - shifted.x, at.y - shifted.y) };
}

/* A quarter turn clockwise as the reader sees it, mirrored or not. */
export const rotated = ({ turns, flipped }) => ({ turns: (turns + (flipped ? 3 : 1)) % 4 });

/* Which letter of the image's edges {left, right, top, bottom} stands at each edge of the screen. */
export function edgesOn(view, edges) {
  const { a, b, c, d } = turned(view);
  const towards = (x, y) => {
    const [across, down] = [a * x + b * y, c * x + d * y];
    if (across) return across > 0 ? edges.right : edges.left;
    return down > 0 ? edges.bottom : edges.top;
  };
  return { left: towards(-1, 0), right: towards(1, 0), top: towards(0, -1), bottom: towards(0, 1) };
}
