/* How hands draw: pen, finger or mouse, and keys. A second finger takes the stroke back, for two fingers zoom and pan; once a pen
   has been seen, fingers do not draw. */
const DRAWING = new Set(["brush", "eraser", "polygon"]);
const NEAR = 10; // CSS pixels: a polygon closes on its first point

export function drawBy(viewer, pane, drawing, say, phrases) {
  const { figure } = pane;
  let last = null;
  let penSeen = false;
  const fingers = new Set();
  const draws = () => DRAWING.has(viewer.tool);
  const pointOf = (event) => {
    const { left, top } = figure.getBoundingClientRect();
    return viewer.pointAt(pane, { x: event.clientX - left, y: event.clientY - top });
  };
  const value = () => (viewer.tool === "eraser" ? 0 : 255);

  figure.addEventListener("pointerdown", (event) => {
    penSeen ||= event.pointerType === "pen";
    if (event.pointerType === "touch") fingers.add(event.pointerId);
    if (fingers.size > 1) return cancel();
    if (!draws() || event.button !== 0 || (penSeen && event.pointerType === "touch")) return;
    if (viewer.tool === "polygon") addPoint(pointOf(event));
    else begin(pointOf(event));
  });
  figure.addEventListener("pointermove", (event) => {
    if (last && event.buttons & 1) {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) go(pointOf(each));
    }
    if (draws()) drawing.hover(viewer.tool === "polygon" ? null : pointOf(event));
  });
  figure.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    if (last) finish();
  });
  /* The browser has taken the gesture for its own. */
  figure.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    cancel();
  });
  figure.addEventListener("pointerleave", () => drawing.hover(null));
  figure.addEventListener("dblclick", () => viewer.tool === "polygon" && drawing.closePolygon());

  /* The arrows move a cross (gestures.js); Enter sets a point of the polygon there, or puts the brush down and takes it up. */
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure || !draws() || event.ctrlKey || event.altKey || event.metaKey) {
      if (last && pane.cross) go(middleOf(pane.cross));
      return;
    }
    const cross = pane.cross && middleOf(pane.cross);
    if (event.key === "Enter") {
      event.preventDefault();
      say(enter(cross, event.shiftKey));
    } else if (event.key === "Backspace" && viewer.tool === "polygon") {
      event.preventDefault();
      drawing.dropPoint();
    } else if (event.key === "Escape") {
      cancel();
      drawing.dropPolygon();
    } else if (last && cross) {
      go(cross);
    }
  });

  /* What Enter does, and the words for it. */
  function enter(cross, withShift) {
    if (viewer.tool === "polygon" && withShift) drawing.closePolygon();
    else if (!cross) return phrases.cross;
    else if (viewer.tool === "polygon") addPoint(cross);
    else if (last) finish();
    else {
      begin(cross);
      return phrases.down;
    }
    return drawing.words;
  }

  function begin(point) {
    if (last) finish();
    last = point;
    drawing.begin();
    go(point);
  }

  function go(point) {
    drawing.stroke(last, point, value());
    last = point;
  }

  function finish() {
    last = null;
    drawing.end();
  }

  function cancel() {
    if (last) drawing.cancel();
    last = null;
  }

  function addPoint(point) {
    const first = drawing.points[0];
    const place = ({ x, y }) => pane.stage.matrix.transformPoint(new DOMPoint(x, y));
    const [there, here] = [first && place(first), place(point)];
    if (drawing.points.length > 2 && Math.hypot(there.x - here.x, there.y - here.y) < NEAR) drawing.closePolygon();
    else drawing.addPoint(point);
  }
}

/* The cross stands on a pixel: what is drawn by keys goes through its middle. */
const middleOf = ({ x, y }) => ({ x: Math.floor(x) + 0.5, y: Math.floor(y) + 0.5 });
