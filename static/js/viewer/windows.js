/* Windows to choose from, in stored values: {low, high}. The reader sees them as level and width in the image's unit. */
import { inUnits, percentile } from "./grey.js";

/* Level and width in Hounsfield units. */
const CT = { soft: [40, 400], bone: [400, 1800], lung: [-600, 1500] };

function fromUnits(grey, [level, width]) {
  const [slope, intercept] = grey.rescale;
  const ends = [level - width / 2, level + width / 2].map((value) => (value - intercept) / slope);
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/* What this image can be shown in, by name and in the order of the keys 1 to 6: the file's own first, if it has one. */
export function presetsOf(grey) {
  const between = (low, high) => ({ low: percentile(grey, low), high: percentile(grey, high) });
  const found = new Map();
  if (grey.window) found.set("file", { low: grey.window[0], high: grey.window[1] });
  found.set("percentiles", between(0.005, 0.995));
  if (grey.unit === "HU") {
    for (const [name, window] of Object.entries(CT)) found.set(name, fromUnits(grey, window));
  } else {
    found.set("narrow", between(0.05, 0.95));
  }
  found.set("full", between(0, 1));
  return found;
}

/* {level, width} in the image's unit. */
export function levelOf(grey, { low, high }) {
  const [bottom, top] = [inUnits(grey, low), inUnits(grey, high)];
  return { level: (bottom + top) / 2, width: Math.abs(top - bottom) };
}

/* The window after dragging: to the right wider, down brighter. 256 CSS pixels span the image's own range. */
export function dragged(grey, { low, high }, dx, dy) {
  const step = Math.max(percentile(grey, 0.995) - percentile(grey, 0.005), 1) / 256;
  const width = Math.max(high - low + dx * step, 1);
  const level = (low + high) / 2 - dy * step;
  return { low: level - width / 2, high: level + width / 2 };
}
