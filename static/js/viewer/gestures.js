/* What hands do on a viewport: drag with the chosen tool, wheel, two fingers, and the same by keys. */
const STEP = 8;
/* Tools that act on points of the image: by keys a cross moves, which ruler and drawing take for the pointer. */
const ON_POINTS = new Set(["ruler", "magnifier", "brush", "eraser", "polygon"]);
const DRAWING = new Set(["brush", "eraser", "polygon"]);
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const placeOf = (figure, event) => {
  const { left, top } = figure.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
};
const LINE = 20; // CSS pixels, where a wheel counts in lines
const zoomFactor = (dy) => Math.exp(-dy / 200);

/* What dragging by so many CSS pixels does, by tool. Ruler and magnifier act on points instead. */
const DRAGS = {
  window: (viewer, pane, dx, dy) => viewer.dragWindow(dx, dy, pane),
  pan: (viewer, pane, dx, dy) => viewer.pan(dx, dy, pane),
  zoom: (viewer, pane, dx, dy) => viewer.zoom(zoomFactor(dy), undefined, pane),
};

export function listen(viewer, pane, say) {
  const { figure } = pane;
  const fingers = new Map();
  let from = null;
  figure.tabIndex = 0;
  figure.addEventListener("focus", () => viewer.activate(pane));

  figure.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    figure.focus({ preventScroll: true });
    figure.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, placeOf(figure, event));
    from = viewer.tool === "ruler" && event.button === 0 ? viewer.pointAt(pane, placeOf(figure, event)) : null;
    event.preventDefault();
  });
  figure.addEventListener("pointermove", (event) => {
    const place = placeOf(figure, event);
    const before = fingers.get(event.pointerId);
    const point = viewer.pointAt(pane, place);
    viewer.point(pane, point);
    if (!before) return;
    const [dx, dy] = [place.x - before.x, place.y - before.y];
    if (fingers.size === 2) pinch(event.pointerId, before, place);
    else if (event.buttons & 4) viewer.pan(dx, dy, pane);
    else if (from) viewer.measure(from, point);
    else DRAGS[viewer.tool]?.(viewer, pane, dx, dy);
    fingers.set(event.pointerId, place);
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    if (from && viewer.ruler) say(viewer.rulerText);
    from = null;
  };
  figure.addEventListener("pointerup", end);
  figure.addEventListener("pointercancel", end);
  figure.addEventListener("pointerleave", () => viewer.point(pane, null));
  figure.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const dy = event.deltaY * (event.deltaMode ? LINE : 1);
      if (viewer.onWheel && !event.ctrlKey) viewer.onWheel(dy);
      else viewer.zoom(zoomFactor(dy), placeOf(figure, event), pane);
    },
    { passive: false },
  );

  function pinch(id, before, place) {
    const [other] = [...fingers].filter(([finger]) => finger !== id).map(([, there]) => there);
    const gap = (point) => Math.hypot(point.x - other.x, point.y - other.y);
    viewer.zoom(gap(place) / Math.max(gap(before), 1), { x: (place.x + other.x) / 2, y: (place.y + other.y) / 2 }, pane);
    viewer.pan((place.x - before.x) / 2, (place.y - before.y) / 2, pane);
  }

  /* Ctrl and an arrow are a drag by keys; on points they move a cross (an arrow alone where something is drawn), and Enter
     sets the ruler's ends. */
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure) return;
    const points = ON_POINTS.has(viewer.tool);
    const alone = DRAWING.has(viewer.tool) && !event.shiftKey && !event.altKey && !event.metaKey;
    if (ARROWS[event.key] && (event.ctrlKey || alone)) {
      const [across, down] = ARROWS[event.key];
      const step = (points ? 1 : STEP) * (event.shiftKey ? 10 : 1);
      if (points) moveCross(across * step, down * step);
      else DRAGS[viewer.tool](viewer, pane, across * step, down * step);
      event.preventDefault();
    } else if (event.key === "Enter" && viewer.tool === "ruler" && pane.cross) {
      from = from ? null : { ...pane.cross };
      if (from) viewer.measure(from, from);
      say(viewer.rulerText);
    }
  });

  function moveCross(across, down) {
    const { columns, rows } = viewer.image;
    const at = pane.cross ?? { x: Math.floor(columns / 2) - across, y: Math.floor(rows / 2) - down };
    const point = {
      x: Math.min(columns - 1, Math.max(0, at.x + across)),
      y: Math.min(rows - 1, Math.max(0, at.y + down)),
    };
    say(viewer.point(pane, point, true));
    if (from && viewer.tool === "ruler") viewer.measure(from, point);
  }
}
