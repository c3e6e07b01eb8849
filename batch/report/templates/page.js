/* What differs between the places of a row, by the anchor of its card; it is only ever shown as text. */
const placesReady = (async () => {
  const packed = document.getElementById("packed")?.content.textContent;
  if (!packed) return {};
  try {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const json = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(json).text());
  } catch { return {}; }
})();
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  for (const hidden of all(".tools, .turn, .filters, .views, .peek")) hidden.hidden = false;

  /* Theme: the system's own until the button is used; remembered where the browser lets a file remember. */
  const KEY = "postbatch-theme";
  const theme = byId("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  try {
    const saved = localStorage.getItem(KEY);
    if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  } catch { /* private windows refuse */ }
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem(KEY, root.dataset.theme); } catch { theme.title = "Until this page is closed"; }
    showTheme();
  });
  dark.addEventListener("change", showTheme);
  showTheme();

  /* Printing shows what is folded. */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("main details:not([open], .go-all)");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
  byId("print").addEventListener("click", () => print());

  /* Texts: the rest behind the channel's fold. */
  document.addEventListener("click", (event) => {
    const fold = event.target.closest(".fold");
    if (!fold) return;
    const open = fold.parentElement.classList.toggle("open");
    fold.setAttribute("aria-expanded", String(open));
    fold.dataset.more ||= fold.textContent;
    fold.textContent = open ? "less" : fold.dataset.more;
  });

  /* Previews or a list; in the list a post is opened by itself. */
  const setView = (view) => {
    document.body.dataset.view = view;
    for (const button of all("[data-show]")) button.ariaPressed = String(button.dataset.show === view);
  };
  const open = (post, wanted) => {
    post.classList.toggle("open-post", wanted);
    post.querySelector(".peek").ariaExpanded = String(wanted);
  };
  for (const button of all("[data-show]")) button.addEventListener("click", () => setView(button.dataset.show));
  document.addEventListener("click", (event) => {
    const peek = event.target.closest(".peek");
    if (peek) open(peek.closest(".post"), peek.ariaExpanded !== "true");
  });
  setView(document.body.dataset.view);
  const sites = all(".site");
  const foldAll = byId("fold-all");
  if (foldAll) {
    const showFolds = () => { foldAll.textContent = sites.every((site) => site.open) ? "Fold all sites" : "Open all sites"; };
    foldAll.addEventListener("click", () => {
      const wanted = !sites.every((site) => site.open);
      for (const site of sites) site.open = wanted;
      showFolds();
    });
    for (const site of sites) site.addEventListener("toggle", showFolds);
    showFolds();
  }

  /* A row's places: its card shows the words of one of them. */
  const setText = (slot, shown, rest) => {
    const cap = slot.parentElement;
    let fold = cap.querySelector(".fold");
    const more = document.createElement("span");
    more.className = "rest";
    more.textContent = rest;
    slot.replaceChildren(shown, ...(rest ? [more] : []));
    if (rest && !fold) {
      fold = document.createElement("button");
      fold.type = "button";
      fold.className = "fold";
      fold.textContent = "… more";
      fold.ariaExpanded = String(cap.classList.contains("open"));
      cap.append(fold);
    }
    if (fold) fold.hidden = !rest;
  };
  const setPicture = (picture, name, isFirst) => {
    let tile = picture.nextElementSibling;
    if (!tile?.matches(".other")) {
      tile = document.createElement("span");
      tile.className = "pic h0 other";
      tile.role = "img";
      tile.append(document.createElement("bdi"));
      picture.after(tile);
    }
    picture.toggleAttribute("hidden", !isFirst);
    tile.hidden = isFirst;
    tile.firstChild.textContent = name;
    tile.ariaLabel = name;
  };
  const showPlace = (card, columns, at) => {
    const value = (name, n = 0) => {
      const own = columns[name]?.[at];
      return Array.isArray(own) ? own[n] ?? "" : own;
    };
    for (const slot of all("[data-s]", card)) {
      const name = slot.dataset.s;
      if (name === "text" || !(name in columns)) continue;
      slot.textContent = value(name, all(`[data-s="${name}"]`, card).indexOf(slot));
    }
    for (const slot of all('[data-s="text"]', card)) {
      if (columns.text || columns.rest) setText(slot, value("text") ?? slot.firstChild.textContent, value("rest") ?? slot.querySelector(".rest")?.textContent ?? "");
    }
    for (const [selector, name] of [["a.card, a.goes", "href"], [".live a", "live"]]) {
      for (const link of all(selector, card)) if (/^https?:/.test(value(name) ?? "")) link.href = value(name);
    }
    if (columns.media) all(".pic:not(.other, .none-yet)", card).forEach((picture, n) => setPicture(picture, value("media", n), at === 0));
    const chooser = card.querySelector(".chooser select");
    if (chooser) chooser.selectedIndex = at;
  };
  placesReady.then((places) => {
    for (const [id, columns] of Object.entries(places)) {
      const card = byId(id), shown = card.querySelector(".chooser bdi");
      const select = document.createElement("select");
      select.append(...columns.place.map((place) => new Option(place)));
      select.ariaLabel = `Place that ${card.querySelector(".title > :first-child").firstChild.textContent} is shown for`;
      select.addEventListener("change", () => showPlace(card, columns, select.selectedIndex));
      shown.replaceWith(select);
      for (const link of all(`.go a[data-place][href="#${CSS.escape(id)}"]`)) {
        link.addEventListener("click", () => showPlace(card, columns, columns.place.indexOf(link.dataset.place)));
      }
    }
  });

  /* Months: one at a time. */
  const months = all(".month");
  const picker = byId("month");
  const showMonth = (at) => {
    months.forEach((month, n) => { month.hidden = n !== at; month.toggleAttribute("data-off", n !== at); });
    picker.selectedIndex = at;
    byId("month-back").disabled = at === 0;
    byId("month-on").disabled = at === months.length - 1;
  };
  if (picker) {
    picker.addEventListener("change", () => showMonth(picker.selectedIndex));
    byId("month-back").addEventListener("click", () => showMonth(picker.selectedIndex - 1));
    byId("month-on").addEventListener("click", () => showMonth(picker.selectedIndex + 1));
    showMonth(Number(picker.dataset.first));
  }

  /* Filters. The words of a post are gathered at the first search, not at the start. */
  const form = document.querySelector(".filters");
  if (!form) return;
  const days = all(".day").map((element) => ({
    element,
    posts: all(".post", element).map((post) => ({ element: post, data: post.dataset, columns: null, words: [] })),
  }));
  const posts = days.flatMap((day) => day.posts);
  const chips = all("[data-n]").map((chip) => ({ chip, ids: chip.dataset.n.split(" ").map((n) => `p${n}`), count: chip.querySelector("small:not(.one, .many) > span") }));
  const squares = all(".month td.has").map((cell) => ({ cell, chips: all("li", cell), more: cell.querySelector(".more") }));
  const pills = all(".pill");
  const selects = ["outcome", "account", "site", "place"].map(byId).filter(Boolean);
  const find = byId("find");
  let total = posts.length;
  const SEEN_IN_A_DAY = 4, MANY = 40;
  const number = new Intl.NumberFormat("en");

  const fold = (text) => text.normalize("NFKC").toLocaleLowerCase();
  /* A card with places is as many posts as it has places: `at` is one of them. */
  const wordsOf = (post, at) => {
    const name = post.element.querySelector(".title > :first-child").firstChild.textContent;
    const own = (part) => post.columns?.[part.dataset.s]?.[at] ?? part.textContent;
    const values = () => all("[data-s]", post.element).map(own);
    post.words[at] ??= fold([name, ...values(), post.columns?.rest?.[at] ?? "", `row ${post.data.row}`].join("\n"));
    return post.words[at];
  };
  const matches = (post, at, words, channels) =>
    (channels.size === 0 || channels.has(post.data.channel)) &&
    selects.every((select) => !select.value || (post.columns?.[select.id]?.[at] ?? post.data[select.id]) === select.value) &&
    words.every((word) => wordsOf(post, at).includes(word));
  const fittingOf = (post, words, channels) =>
    Array.from({ length: post.columns?.place.length ?? 1 }, (_, at) => at).filter((at) => matches(post, at, words, channels));

  const apply = () => {
    const words = fold(find.value).split(/\s+/).filter(Boolean);
    const channels = new Set(pills.filter((p) => p.ariaPressed === "true").map((p) => p.dataset.channel));
    let shown = 0;
    for (const post of posts) {
      const fitting = fittingOf(post, words, channels);
      post.element.hidden = fitting.length === 0;
      shown += fitting.length;
      if (post.columns && fitting.length && fitting.length < post.columns.place.length) showPlace(post.element, post.columns, fitting[0]);
    }
    for (const { chip, ids, count } of chips) {
      const fitting = ids.filter((id) => !byId(id).hidden).length;
      chip.hidden = fitting === 0;
      if (count) count.textContent = String(fitting);
    }
    for (const day of days) {
      const fitting = day.posts.filter((post) => !post.element.hidden).length;
      day.element.hidden = fitting === 0;
      day.element.className = `day s${Math.min(fitting, 3)}`;
    }
    const narrowed = Boolean(find.value || channels.size || selects.some((select) => select.value));
    for (const group of all(".site, .stays")) {
      group.hidden = !group.querySelector(".day:not([hidden])");
      if (narrowed && !group.hidden && shown <= MANY) group.open = true;
    }
    for (const square of squares) {
      const fitting = square.chips.filter((chip) => !chip.hidden);
      fitting.forEach((chip, n) => chip.classList.toggle("over", n >= SEEN_IN_A_DAY));
      const more = fitting.length - SEEN_IN_A_DAY;
      square.more.hidden = more <= 0;
      square.more.firstElementChild.textContent = String(more);
      square.cell.toggleAttribute("data-more", more > 0);
      if (more > 0) square.cell.dataset.more = `+${more}`;
    }
    byId("shown").textContent = `${number.format(shown)} of ${number.format(total)} posts`;
    byId("none").hidden = shown > 0;
    byId("clear").hidden = !narrowed;
    document.dispatchEvent(new Event("filtered"));
  };
  const clear = () => {
    find.value = "";
    for (const select of selects) select.value = "";
    for (const pill of pills) pill.ariaPressed = "false";
    apply();
  };

  let waiting = 0;
  find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, total > 500 ? 150 : 0); });
  for (const select of selects) select.addEventListener("change", apply);
  for (const pill of pills) {
    pill.addEventListener("click", () => { pill.ariaPressed = String(pill.ariaPressed !== "true"); apply(); });
  }
  for (const button of [byId("clear"), byId("none-clear")]) {
    button.addEventListener("click", () => { clear(); find.focus(); });
  }
  for (const pick of all(".pick")) {
    pick.addEventListener("click", () => {
      clear();
      byId("outcome").value = pick.dataset.outcome;
      apply();
      byId("posts").scrollIntoView();
      byId("outcome").focus({ preventScroll: true });
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());

  /* A link to a post or day opens what is folded around it, and shows it where the filters hide it. */
  const reveal = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.matches(".post, .day, .part")) return;
    const meant = target.matches(".day") ? all(`[data-day="${CSS.escape(target.dataset.day)}"]`) : [target];
    if (meant.some((element) => element.hidden)) clear();
    for (const element of meant) {
      for (let at = element; at; at = at.parentElement) if (at.matches("details")) at.open = true;
    }
    if (target.matches(".part")) target.querySelector(".stays")?.toggleAttribute("open", true);
    if (target.matches(".post")) open(target, true);
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  placesReady.then((places) => {
    for (const post of posts) post.columns = places[post.element.id] ?? null;
    total = posts.reduce((sum, post) => sum + (post.columns?.place.length ?? 1), 0);
    /* Some browsers put back what a form held before a reload. */
    if (find.value || selects.some((select) => select.value)) apply();
  });
})();
