/* Follows a reading: by server-sent events, by asking every two seconds where a proxy swallows them.
   When the reading has ended, the page is loaded anew and shows its result. */
const page = document.querySelector("[data-progress-page]");
const POLL_MS = 2000;
const PATIENCE_MS = 6000;

let heard = 0;
let running = null;
let source;

function show(progress) {
  heard = Date.now();
  /* Where the task was found on the way, the models are known only now. */
  if (!["queued", "running"].includes(progress.state) || !progress.models.every(({ key }) => rowOf(key))) {
    source?.close();
    location.reload();
    return;
  }
  const sentence = page.querySelector("[data-sentence]");
  if (sentence.textContent !== progress.sentence) sentence.textContent = progress.sentence;
  page.querySelector("[data-gate]").textContent = progress.gate;
  page.querySelector("[data-progress] .progress__done").setAttribute("width", progress.done);
  page.querySelector("[data-progress]").setAttribute("aria-valuetext", progress.sentence);
  for (const step of progress.models) showStep(rowOf(step.key), step);
}

const rowOf = (key) => page.querySelector(`[data-model="${CSS.escape(key)}"]`);

function showStep(row, step) {
  const status = row.querySelector("[data-status]");
  status.className = `status status--${step.tone}`;
  const use = status.querySelector("use");
  const sign = use.getAttribute("href").replace(/#.*/, `#i-${step.sign}`);
  if (use.getAttribute("href") !== sign) use.setAttribute("href", sign);
  status.querySelector("[data-word]").textContent = step.word;
  row.querySelector("[data-seconds]").textContent = step.seconds;
  if (step.state === "running") running = { row, since: Date.now() - 1000 * secondsIn(step.seconds) };
  else if (running?.row === row) running = null;
  row.querySelector("[data-detail]").textContent = step.sentence;
  row.querySelector("[data-detail]").hidden = !step.sentence;
}

/* Between two messages the time of the running model goes on by the browser's clock. */
const secondsIn = (text) => Number.parseFloat(text.replaceAll(/[^0-9.]/g, "")) || 0;
function tick() {
  if (!running) return;
  running.row.querySelector("[data-seconds]").textContent = `${((Date.now() - running.since) / 1000).toFixed(1)} s`;
}

async function poll() {
  if (Date.now() - heard > PATIENCE_MS) {
    try {
      const answer = await fetch(page.dataset.state, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) show(await answer.json());
      else location.reload();
    } catch {
      /* The server may be starting again: ask later. */
    }
  }
  setTimeout(poll, POLL_MS);
}

if (page) {
  setInterval(tick, 500);
  source = new EventSource(page.dataset.events);
  source.onmessage = (event) => show(JSON.parse(event.data));
  setTimeout(poll, POLL_MS);
}
