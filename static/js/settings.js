/* What the reader chose, remembered in this browser. Never anything about a patient. */
const PREFIX = "sidelight.";

export function remembered(name, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    /* Storage may be switched off; the choice then lasts as long as the page. */
  }
}
