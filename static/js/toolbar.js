/* A toolbar is one tab stop; arrows move inside it (WAI-ARIA toolbar pattern). */
export function rovingToolbar(toolbar) {
  const items = [...toolbar.querySelectorAll("button, input, select, summary")];
  const stop = (item) => items.forEach((other) => (other.tabIndex = other === item ? 0 : -1));
  stop(items[0]);
  toolbar.addEventListener("focusin", (event) => items.includes(event.target) && stop(event.target));
  toolbar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = items.indexOf(event.target);
    /* On a slider the arrows change its value; Tab or up and down leave it. */
    if (!step || at < 0 || event.shiftKey || event.target.type === "range") return;
    event.preventDefault();
    const open = (item) => !item.disabled && item.checkVisibility();
    let next = at;
    do next = (next + step + items.length) % items.length;
    while (!open(items[next]) && next !== at);
    items[next].focus();
  });
}
