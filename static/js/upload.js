/* The upload page: files are chosen, dropped or pasted, folders too; each has its progress and its result. DICOM files travel
   together, as one study; every other file travels by itself. */
import { filesOf } from "./dropped.js";
import { FileRow } from "./file_row.js";
import { post } from "./sending.js";

const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const drop = form.querySelector("[data-drop]");
const list = form.querySelector("[data-files]");
const problem = form.querySelector("[data-file-problem]");
const submit = form.querySelector("button[type=submit]");
const phrases = JSON.parse(form.dataset.phrases);
const label = submit.lastElementChild.textContent;
let rows = [];
let sending = false;
let adding = Promise.resolve();

async function kindOf(file) {
  const head = new Uint8Array(await file.slice(0, 132).arrayBuffer());
  const text = String.fromCharCode(...head);
  if (text.endsWith("DICM") && head.length === 132) return "dicom";
  return text.startsWith("PK") ? "zip" : "image";
}

function add(files) {
  if (sending || !files.length) return;
  input.required = false;
  adding = adding.then(() => take(files));
}

async function take(files) {
  clearStored();
  for (const file of files) {
    const row = new FileRow(file, await kindOf(file), phrases);
    /* One slice has its limit; a zip and the frames of one DICOM file have that of the whole upload. */
    const most = row.kind === "image" ? Number(form.dataset.maxBytes) : Number(form.dataset.maxAllBytes);
    row.tooLarge = file.size > most;
    row.onRemove = () => {
      rows = rows.filter((other) => other !== row);
      describe();
    };
    rows.push(row);
    list.append(row.element);
  }
  describe();
}

function clearStored() {
  rows.filter((row) => row.stored).forEach((row) => row.element.remove());
  rows = rows.filter((row) => !row.stored);
}

function describe() {
  const together = rows.filter(({ kind }) => kind === "dicom").reduce((sum, { file }) => sum + file.size, 0);
  const tooLarge = rows.some((row) => row.tooLarge) || together > Number(form.dataset.maxAllBytes);
  list.hidden = !rows.length;
  problem.hidden = !tooLarge;
  input.setAttribute("aria-invalid", tooLarge);
  input.required = !rows.length;
  submit.disabled = tooLarge || sending;
}

/* The rows that make one request each. */
function groups() {
  const waiting = rows.filter((row) => !row.stored);
  const dicom = waiting.filter((row) => row.kind === "dicom");
  const others = waiting.filter((row) => row.kind !== "dicom").map((row) => [row]);
  return dicom.length ? [dicom, ...others] : others;
}

async function sendAll() {
  sending = true;
  describe();
  submit.setAttribute("aria-busy", "true");
  const opened = [];
  const waiting = groups();
  for (const [i, group] of waiting.entries()) {
    submit.lastElementChild.textContent = phrases.busy.replace("{k}", i + 1).replace("{n}", waiting.length);
    opened.push(...(await send(group)));
  }
  sending = false;
  submit.removeAttribute("aria-busy");
  submit.lastElementChild.textContent = label;
  describe();
  if (opened.length === 1 && rows.every((row) => row.stored)) location.assign(opened[0]);
}

/* Send the files of one request; gives the addresses of the studies that came of it. */
async function send(group) {
  const body = new FormData(form);
  body.delete("image");
  group.forEach((row) => body.append("image", row.file));
  try {
    const answer = await post(form.action, body, (sent) => showProgress(group, sent));
    const studies = answer.studies ?? [];
    const sentence = answer.sentence ?? "";
    group.forEach((row) => (studies.length ? row.done(studies[0].url, sentence) : row.fail(sentence)));
    return studies.map(({ url }) => url);
  } catch {
    group.forEach((row) => row.fail(phrases.broken));
    return [];
  }
}

/* So many bytes of the request have gone: the files go one after another. */
function showProgress(group, sent) {
  let before = 0;
  for (const row of group) {
    row.progress(Math.min(1, Math.max(0, (sent - before) / Math.max(row.file.size, 1))));
    before += row.file.size;
  }
}

function showModels() {
  const task = form.querySelector("[name=task]").value;
  for (const group of form.querySelectorAll("[data-task]")) {
    group.hidden = group.dataset.task !== task;
    group.disabled = group.hidden;
  }
}

input.addEventListener("change", () => {
  add([...input.files]);
  input.value = "";
});
form.querySelector("[name=task]").addEventListener("change", showModels);
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.dataset.over = "true";
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => delete drop.dataset.over);
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  add(await filesOf(event.dataTransfer));
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) add([...event.clipboardData.files]);
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await adding;
  if (!sending && !submit.disabled && groups().length) sendAll();
});
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

showModels();
describe();
