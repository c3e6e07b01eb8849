"use strict";

const fits = (form) => {
  let size = 0;
  for (const input of form.querySelectorAll("input[type=file]")) for (const file of input.files) size += file.size;
  const problem = form.querySelector("[data-problem]");
  problem.textContent = size > Number(form.dataset.max) ? "These files are larger than 1 GB together. Add a few at a time." : "";
  return !problem.textContent;
};
for (const area of document.querySelectorAll("[data-drop]")) {
  const input = area.querySelector("input[type=file]"), form = input.form;
  const over = (on) => (event) => { event.preventDefault(); area.classList.toggle("over", on); };
  area.addEventListener("dragover", over(true));
  area.addEventListener("dragleave", over(false));
  area.addEventListener("drop", (event) => {
    over(false)(event);
    const dropped = event.dataTransfer.files;
    if (!dropped.length) return;
    if (dropped.length > 1 && !input.multiple) { form.querySelector("[data-problem]").textContent = "Drop one file here, or several in the larger field."; return; }
    input.files = dropped;
    if (fits(form) && "send" in form.dataset) form.requestSubmit();
  });
}
for (const form of document.querySelectorAll("form[data-max]")) {
  form.addEventListener("change", () => fits(form));
  form.addEventListener("submit", (event) => { if (!fits(form)) event.preventDefault(); });
}
// A file that misses the field must not take the place of the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; });
  });
}
// A page that comes back from the history may be used again.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const job = document.querySelector("[data-job]");
if (job) {
  const find = (name) => job.querySelector(`[data-${name}]`);
  const count = find("count"), message = find("message"), feed = find("feed"), progress = job.querySelector("progress");
  let after = 0;
  const show = (event) => {
    if (event.event === "plan" && count) {
      progress.max = event.total || 1;
      count.textContent = `0 of ${event.total} posts`;
    } else if (event.event === "post" && count) {
      progress.value = event.done;
      count.textContent = `${event.done} of ${event.total} posts`;
      const line = document.createElement("li"), at = document.createElement("span"), told = document.createElement("span");
      at.className = "quiet";
      at.textContent = `Row ${event.row}`;
      told.textContent = `${event.key}: ${event.outcome}. ${event.message}`;
      line.append(at, told);
      feed.hidden = false;
      feed.prepend(line);
      while (feed.children.length > 200) feed.lastChild.remove();
    } else if (event.event === "message" || event.event === "waiting") {
      message.textContent = event.message;
    }
  };
  const poll = async () => {
    try {
      const answer = await fetch(`/jobs/${job.dataset.job}/events?after=${after}`, { cache: "no-store" });
      const { events, next, state } = await answer.json();
      events.forEach(show);
      after = next;
      if (state === "done") { location.reload(); return; }
    } catch {
      message.textContent = "postbatch does not answer. If it was closed, start it again: the run goes on by itself.";
    }
    setTimeout(poll, 500);
  };
  poll();
}
