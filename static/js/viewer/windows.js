/* Windows to choose from, in stored values: {low, high}. The reader sees them as level and width in the image's unit. */
import { inUnits, percentile } from "./grey.js";

/* Level and width in Hounsfield units. */
const CT = {
  soft: { level: 40, width: 400 },
  bone: { level: 400, width: 1800 },
  lung: { level: -600, width: 1500 },
};

/* The window, in stored values, of a level and a width in the image's unit. */
export function windowOfUnits(grey, { level, width }) {
  const [slope, intercept] = grey.rescale ?? [1, 0];
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
    for (const [name, window] of Object.entries(CT)) found.set(name, windowOfUnits(grey, window));
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

/* What the image's own values span, without the few darkest and brightest: {low, high}, never empty. */
export function ownRange(grey) {
  const low = percentile(grey, 0.005);
  return { low, high: Math.max(percentile(grey, 0.995), low + 1) };
}

/* The window after dragging: to the right wider, down brighter. 256 CSS pixels span the image's own range. */
export function dragged(grey, { low, high }, dx, dy) {
  const range = ownRange(grey);
  const step = (range.high - range.low) / 256;
  const width = Math.max(high - low + dx * step, 1);
  const level = (low + high) / 2 - dy * step;
  return { low: level - width / 2, high: level + width / 2 };
}
