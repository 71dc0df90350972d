/* The upload page: a file can be dropped, one that is too large is named before it travels, one task's models show. */
const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const drop = form.querySelector("[data-drop]");
const chosen = form.querySelector("[data-chosen]");
const problem = form.querySelector("[data-file-problem]");
const submit = form.querySelector("button[type=submit]");

function describe() {
  const file = input.files[0];
  const tooLarge = Boolean(file) && file.size > Number(form.dataset.maxBytes);
  chosen.textContent = file ? `${(file.size / 2 ** 20).toFixed(1)} MB` : "";
  problem.hidden = !tooLarge;
  input.setAttribute("aria-invalid", tooLarge);
  submit.disabled = tooLarge;
}

function showModels() {
  const task = form.querySelector("[name=task]").value;
  for (const group of form.querySelectorAll("[data-task]")) {
    group.hidden = group.dataset.task !== task;
    group.disabled = group.hidden;
  }
}

input.addEventListener("change", describe);
form.querySelector("[name=task]").addEventListener("change", showModels);
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.dataset.over = "true";
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => delete drop.dataset.over);
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  describe();
});
form.addEventListener("submit", () => {
  submit.setAttribute("aria-busy", "true");
  submit.lastElementChild.textContent = form.dataset.busy;
});
window.addEventListener("pageshow", () => submit.removeAttribute("aria-busy"));

showModels();
describe();
