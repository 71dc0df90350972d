/* The help page: the switch for single keys. */
import { remember, remembered } from "./settings.js";

const box = document.querySelector("[data-keys-switch]");
box.checked = remembered("keys", true);
box.closest("label").hidden = false;
box.addEventListener("change", () => remember("keys", box.checked));
