placesReady.then((places) => {
  "use strict";
  /* The answers: kept in this browser where it allows that, saved as one file, and sent nowhere. */
  const { plan, sheet } = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const KEY = `postbatch-answers-${plan}`;
  const VERSION = 1, MAX_BYTES = 8 * 1024 * 1024, MAX_NAME = 100, MAX_NOTE = 2000;
  const KINDS = ["approve", "change", "date"];
  const who = byId("who"), said = byId("said"), undo = byId("undo-all");
  const template = byId("ask").content.firstElementChild;
  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;
  const wellFormed = (text) =>
    text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
  byId("answers").hidden = false;

  /* One form for each post that changes, or for a row's posts in several places: each answer is bound to its own post. */
  const membersOf = ({ id, dataset: { key, site, asked } }) =>
    places[id]?.place.map((_, at) => ({ key: places[id].key[at], site: places[id].site[at], fingerprint: places[id].asked[at] })) ??
    [{ key, site, fingerprint: asked }];
  const readable = [...document.querySelectorAll(".post[data-asked]")].filter((post) => places[post.id] || !post.querySelector(".places"));
  const posts = readable.map((element, n) => {
    const form = template.cloneNode(true);
    const title = element.querySelector(".title > :first-child").textContent;
    const find = (selector) => form.querySelector(selector);
    const post = {
      element, form, id: `${element.dataset.site}\n${element.dataset.key}`, fingerprint: element.dataset.asked, members: membersOf(element),
      radios: [...form.querySelectorAll("input[type=radio]")], note: find("textarea"), date: find("input[type=datetime-local]"),
      noteBox: find(".ask-note"), dateBox: find(".ask-date"), clear: find(".undo"),
    };
    const several = post.members.length > 1;
    find("legend").textContent = `Your answer to ${title}${several ? `, for all ${post.members.length} places` : ""}`;
    for (const radio of post.radios) radio.name = `answer-${n}`;
    for (const [field, label] of [[post.note, find(".ask-note label")], [post.date, find(".ask-date label")]]) {
      field.id = label.htmlFor = `${field === post.note ? "note" : "date"}-${n}`;
    }
    if (several) find(".ask-date label").textContent += " on each place's clock";
    else if (element.dataset.zone) find(".ask-date label").textContent += ` (${element.dataset.zone})`;
    if (!("when" in element.dataset)) post.radios[2].parentElement.remove();
    element.append(form);
    return post;
  });
  const chosen = (post) => post.radios.find((radio) => radio.checked)?.value ?? "";
  const complete = (post) => {
    const answer = chosen(post);
    return answer === "approve" || (answer === "change" && post.note.value.trim() !== "") || (answer === "date" && post.date.value !== "");
  };
  const set = (post, answer, note = "", date = "") => {
    for (const radio of post.radios) radio.checked = radio.value === answer;
    post.note.value = note;
    post.date.value = date;
  };
  const show = (post) => {
    const answer = chosen(post);
    post.noteBox.hidden = answer !== "change";
    post.dateBox.hidden = answer !== "date";
    post.clear.hidden = answer === "";
    post.element.dataset.answer = answer;
  };
  const shownLeft = () => posts.filter((post) => !post.element.hidden && chosen(post) === "");
  const count = () => {
    const left = posts.filter((post) => !complete(post)).length;
    byId("left").textContent = left ? `${left} of ${plural(posts.length, "post", "posts")} left` : "All posts answered";
    const shown = shownLeft().length;
    byId("approve-all").textContent = shown ? `Approve all ${shown} shown` : "Approve all shown";
    byId("approve-all").disabled = shown === 0;
  };
  const say = (text, { again = null } = {}) => {
    said.textContent = text;
    undo.hidden = again === null;
    undo.onclick = () => { again(); say("Taken back."); changed(); byId("approve-all").focus(); };
  };

  /* What was typed outlives a reload. */
  let unsaved = false, keeps = true;
  const snapshot = () => ({
    who: who.value,
    posts: Object.fromEntries(posts.filter(chosen).map((p) => [p.id, [p.fingerprint, chosen(p), p.note.value, p.date.value]])),
  });
  const restore = (kept) => {
    who.value = String(kept.who ?? "").slice(0, MAX_NAME);
    for (const post of posts) {
      const [fingerprint, answer, note, date] = kept.posts?.[post.id] ?? [];
      const fits = fingerprint === post.fingerprint && KINDS.includes(answer);
      set(post, fits ? answer : "", fits ? String(note).slice(0, MAX_NOTE) : "", fits ? String(date) : "");
      show(post);
    }
    count();
  };
  const keep = () => {
    try {
      localStorage.setItem(KEY, JSON.stringify(snapshot()));
      keeps = true;
    } catch { keeps = false; }
    byId("not-kept").hidden = keeps;
  };
  const changed = () => {
    unsaved = true;
    for (const post of posts) show(post);
    count();
    keep();
  };
  addEventListener("beforeunload", (event) => { if (unsaved && !keeps) event.preventDefault(); });

  /* The file. Its sum shows a damaged or edited file; it proves nothing. */
  const TABLE = Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n >>> 0;
  });
  const checksum = (file) => {
    const lines = [[file.plan, file.sheet, file.who, file.when].join("\x1f")];
    for (const p of file.posts) lines.push([p.key, p.site, p.fingerprint, p.answer, p.note, p.date].join("\x1f"));
    let crc = 0xffffffff;
    for (const byte of new TextEncoder().encode(lines.join("\x1e"))) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
    return `crc32:${((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0")}`;
  };
  /* On the clock that was seen; of a row with places it is each place's own. */
  const wanted = (post) => {
    const zone = post.members.length === 1 ? post.element.dataset.zone : "";
    return `${post.date.value.slice(0, 16)} ${zone || ""}`.trim();
  };
  const makeFile = () => {
    const file = {
      postbatch: "answers", version: VERSION, plan, sheet, who: wellFormed(who.value.trim()), when: new Date().toISOString(),
      posts: posts.filter(complete).flatMap((post) => post.members.map((member) => ({
        ...member, answer: chosen(post),
        note: chosen(post) === "change" ? wellFormed(post.note.value.trim()) : "",
        date: chosen(post) === "date" ? wanted(post) : "",
      }))),
      checksum: "",
    };
    file.checksum = checksum(file);
    return file;
  };
  const go = (post, field) => {
    location.hash = "";
    location.hash = `#${post.element.id}`;
    setTimeout(() => field.focus(), 50);
  };
  const save = () => {
    const half = posts.find((post) => chosen(post) !== "" && !complete(post));
    if (!who.value.trim()) {
      say("Write your name first.");
      who.focus();
      return;
    }
    if (half) {
      say(chosen(half) === "change" ? "Say what should change." : "Choose the date and time.");
      go(half, chosen(half) === "change" ? half.note : half.date);
      return;
    }
    const file = makeFile();
    if (!file.posts.length) {
      say("Answer at least one post first.");
      return;
    }
    const link = document.createElement("a");
    const stem = sheet.replace(/\.[^.]*$/, "") || "plan";
    const name = file.who.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 40);
    link.download = `${stem}.answers${name ? `-${name}` : ""}.json`;
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    unsaved = false;
    const left = posts.filter((post) => !complete(post)).length;
    say(`Saved ${link.download}. Send it to whoever sent you this page.${left ? ` ${plural(left, "post has", "posts have")} no answer yet.` : ""}`);
  };
  const sound = (file) =>
    file && file.postbatch === "answers" && file.version === VERSION && Array.isArray(file.posts) &&
    file.posts.every((p) => p && KINDS.includes(p.answer) && [p.key, p.site, p.fingerprint, p.note, p.date].every((v) => typeof v === "string")) &&
    [file.plan, file.sheet, file.who, file.when].every((v) => typeof v === "string") && file.checksum === checksum(file);
  const open = async (blob) => {
    let file = null;
    try { file = blob.size <= MAX_BYTES ? JSON.parse(await blob.text()) : null; } catch { /* said below */ }
    if (!sound(file)) {
      say(`${blob.name} holds no answers, or was changed after it was saved.`);
      return;
    }
    const given = new Map(file.posts.map((p) => [`${p.site}\n${p.key}`, p]));
    const before = snapshot();
    let opened = 0, other = 0, found = 0;
    for (const post of posts) {
      const answers = post.members.map((member) => given.get(`${member.site}\n${member.key}`));
      const [first] = answers;
      const fits = answers.every((answer, n) => answer && answer.fingerprint === post.members[n].fingerprint &&
        [answer.answer, answer.note, answer.date].every((part, at) => part === [first.answer, first.note, first.date][at]));
      found += answers.filter(Boolean).length;
      if (fits) {
        set(post, first.answer, first.note.slice(0, MAX_NOTE), first.date.slice(0, 16));
        opened += 1;
      } else if (answers.some(Boolean)) other += 1;
    }
    const absent = file.posts.length - found;
    who.value = file.who.slice(0, MAX_NAME);
    changed();
    say([
      `Opened ${plural(opened, "answer", "answers")} from ${file.who}.`,
      other ? `${plural(other, "post has", "posts have")} changed since: answer again.` : "",
      absent ? `${plural(absent, "answer is", "answers are")} for posts that aren't on this page.` : "",
    ].filter(Boolean).join(" "), { again: () => restore(before) });
  };

  /* What people do. */
  for (const post of posts) {
    post.form.addEventListener("input", () => { say(""); changed(); });
    post.clear.addEventListener("click", () => { set(post, ""); changed(); post.radios[0].focus(); });
    for (const radio of post.radios) {
      radio.addEventListener("change", () => {
        if (radio.value === "date" && !post.date.value) post.date.value = post.element.dataset.when;
        changed();
      });
    }
  }
  who.addEventListener("input", () => { say(""); changed(); });
  byId("save").addEventListener("click", save);
  byId("open-answers").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) open(file).then(() => { event.target.value = ""; });
  });
  byId("approve-all").addEventListener("click", () => {
    const before = snapshot(), left = shownLeft();
    for (const post of left) set(post, "approve");
    changed();
    say(`Approved ${plural(left.length, "post", "posts")}.`, { again: () => restore(before) });
  });
  document.addEventListener("filtered", count);
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    localStorage.setItem(`${KEY}-try`, "1");
    localStorage.removeItem(`${KEY}-try`);
  } catch { keeps = false; }
  byId("not-kept").hidden = keeps;
  restore(kept && typeof kept === "object" ? kept : {});
});
