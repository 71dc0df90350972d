/* The viewer's buttons and keys. Every key has a button too. */
import { onKey } from "../keys.js";

const ACTIONS = {
  fit: "f",
  invert: "i",
  flip: "x",
  rotate: "r",
  reset: "0",
};
const TOOLS = { window: "w", zoom: "z", pan: "p", ruler: "y", magnifier: "q" };
const PAN_STEP = 32;
const ZOOM_STEP = 1.25;

export function control(viewer, toolbar) {
  const chooser = toolbar.querySelector("[data-window-preset]");
  const options = new Map([...chooser.options].map((option) => [option.value, option]));
  const each = (name, act) =>
    toolbar.querySelectorAll(`[data-${name}]`).forEach((button) => act(button, button.getAttribute(`data-${name}`)));

  each("tool", (button, tool) => button.addEventListener("click", () => viewer.choose(tool)));
  each("view-action", (button, action) => button.addEventListener("click", () => viewer[action]()));
  each("link", (button, name) => button.addEventListener("click", () => viewer.setLink(name, !viewer.links.on[name])));
  each("link-all", (button) => button.addEventListener("click", () => viewer.toggleLinks()));
  chooser.addEventListener("change", () => viewer.useWindow(chooser.value));

  for (const [tool, key] of Object.entries(TOOLS)) onKey(key, () => viewer.choose(tool));
  for (const [action, key] of Object.entries(ACTIONS)) onKey(key, () => viewer[action]());
  for (let n = 1; n <= 6; n++) onKey(String(n), () => viewer.useWindow([...viewer.presets.keys()][n - 1]));
  onKey(",", () => viewer.zoom(1 / ZOOM_STEP));
  onKey(".", () => viewer.zoom(ZOOM_STEP));
  onKey("Shift ArrowLeft", () => viewer.pan(PAN_STEP, 0));
  onKey("Shift ArrowRight", () => viewer.pan(-PAN_STEP, 0));
  onKey("Shift ArrowUp", () => viewer.pan(0, PAN_STEP));
  onKey("Shift ArrowDown", () => viewer.pan(0, -PAN_STEP));
  onKey("l", () => viewer.toggleLinks());

  /* The window of the list's last entry is one that was made by hand. */
  function offer() {
    [...viewer.presets.keys()].forEach((name, i) => {
      const option = options.get(name);
      option.textContent = `${i + 1} ${option.dataset.name}`;
      chooser.insertBefore(option, options.get(""));
    });
    for (const [name, option] of options) option.hidden = option.disabled = name !== "" && !viewer.presets.has(name);
    chooser.disabled = !viewer.presets.size;
  }

  viewer.onChange = () => {
    const { view } = viewer;
    if (chooser.disabled) offer();
    chooser.value = view.preset ?? "";
    each("tool", (button, tool) => button.setAttribute("aria-pressed", tool === viewer.tool));
    each("link", (button, name) => button.setAttribute("aria-pressed", viewer.links.on[name]));
    each("link-all", (button) => button.setAttribute("aria-pressed", viewer.links.all));
    const pressed = { invert: view.inverted, flip: view.flipped };
    each("view-action", (button, action) => {
      if (action in pressed) button.setAttribute("aria-pressed", pressed[action]);
    });
  };
  chooser.disabled = true;
}
