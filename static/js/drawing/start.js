/* The door to drawing: tools, keys, what is said of the drawing, and a warning before it would be lost. */
import { onKey } from "../keys.js";
import { loaded } from "../pictures.js";
import { Drawing } from "./drawing.js";
import { drawBy } from "./hands.js";

const filled = (phrase, words) => phrase.replace(/\{(\w+)\}/g, (_, name) => words[name]);
const FIELDS = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea";
const KEYS = { "Shift b": "brush", "Shift e": "eraser", "Shift p": "polygon" };

/* `tools` holds the buttons, `says` is where a screen reader hears what was done. */
export function startDrawing(viewer, pane, tools, says) {
  const phrases = JSON.parse(tools.dataset.phrases);
  const say = (text) => (says.textContent = text);
  const drawing = new Drawing(pane.stage);
  const find = (name) => tools.querySelector(`[data-${name}]`);
  const [size, sizeText, state, chooser] = ["brush-size", "brush-size-text", "drawing-state", "start-from"].map(find);
  drawBy(viewer, pane, drawing, say, phrases);

  const ACTIONS = {
    undo: () => drawing.undo(),
    redo: () => drawing.redo(),
    clear: () => drawing.clear(),
    discard: () => drawing.discard(),
    close: () => drawing.closePolygon(),
  };
  for (const [name, act] of Object.entries(ACTIONS)) {
    tools.querySelector(`[data-draw-action=${name}]`).addEventListener("click", () => {
      act();
      say(drawing.words);
    });
  }
  for (const [key, tool] of Object.entries(KEYS)) onKey(key, () => viewer.choose(tool));

  const setSize = (value) => {
    drawing.size = Math.min(Number(size.max), Math.max(Number(size.min), Number(value)));
    size.value = drawing.size;
    const mm = drawing.image.mm && (drawing.size * drawing.image.mm.column).toFixed(1);
    sizeText.textContent = filled(mm ? phrases.sizeMm : phrases.size, { size: drawing.size, mm });
    if (drawing.layers.brush) drawing.hover(drawing.layers.brush);
  };
  size.max = Math.max(8, Math.round(drawing.image.columns / 4));
  size.addEventListener("input", () => setSize(size.value));
  onKey("-", () => setSize(drawing.size - 1));
  for (const key of ["+", "Shift +", "="]) onKey(key, () => setSize(drawing.size + 1));
  setSize(drawing.size);

  chooser.addEventListener("change", async () => {
    const address = chooser.value;
    chooser.value = "";
    if (!address) return;
    try {
      drawing.startFrom(await loaded(address));
      say(drawing.words);
    } catch {
      say(phrases.notLoaded);
      state.textContent = phrases.notLoaded;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest?.(FIELDS)) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) drawing.redo();
    else drawing.undo();
    say(drawing.words);
  });

  drawing.onChange = () => {
    const { mask } = drawing;
    const n = drawing.points.length;
    const pixels = mask.pixels;
    const mm = drawing.image.mm;
    const area = mm && (pixels * mm.row * mm.column).toFixed(1);
    let words = phrases.none;
    if (mask.touched) words = !pixels ? phrases.empty : filled(mm ? phrases.drawnMm : phrases.drawn, { pixels, area });
    drawing.words = n ? filled(phrases.points, { n }) : words;
    state.textContent = drawing.words;
    find("draw-action=undo").disabled = !drawing.touched;
    find("draw-action=redo").disabled = !mask.undone.length;
    find("draw-action=discard").disabled = !drawing.touched;
    find("draw-action=close").disabled = n < 3;
  };
  drawing.onChange();
  tools.hidden = false;

  window.addEventListener("beforeunload", (event) => {
    if (!drawing.touched || drawing.kept) return;
    event.preventDefault();
    event.returnValue = true; // browsers of before 2024 ask only then
  });
  return drawing;
}
