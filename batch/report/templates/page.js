(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  for (const hidden of all(".tools, .turn, .filters")) hidden.hidden = false;

  /* Theme: the system's own until the button says otherwise; remembered where the browser lets a file remember. */
  const KEY = "postbatch-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* private windows refuse: fine */ } };
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => byId("theme").setAttribute("aria-pressed", String(isDark()));
  const saved = remembered();
  if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    showTheme();
  });
  dark.addEventListener("change", showTheme);
  showTheme();
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
    posts: all(".post", element).map((post) => ({ element: post, data: post.dataset, words: null })),
  }));
  const posts = days.flatMap((day) => day.posts);
  const chips = new Map(all("[data-n]").map((chip) => [`p${chip.dataset.n}`, chip]));
  const squares = all(".month td.has").map((cell) => ({ cell, chips: all("li", cell), more: cell.querySelector(".more") }));
  const pills = all(".pill");
  const selects = ["outcome", "account", "site"].map(byId).filter(Boolean);
  const find = byId("find");
  const total = posts.length;
  const SEEN_IN_A_DAY = 4;
  const number = new Intl.NumberFormat("en");

  const fold = (text) => text.normalize("NFKC").toLocaleLowerCase();
  const wordsOf = (post) => {
    const name = post.element.querySelector("h4").firstChild.textContent;
    const values = all("[data-s]", post.element).map((part) => part.textContent);
    post.words ??= fold([name, ...values, `row ${post.data.row}`].join("\n"));
    return post.words;
  };
  const matches = (post, words, channels) =>
    (channels.size === 0 || channels.has(post.data.channel)) &&
    selects.every((select) => !select.value || post.data[select.id] === select.value) &&
    words.every((word) => wordsOf(post).includes(word));

  const apply = () => {
    const words = fold(find.value).split(/\s+/).filter(Boolean);
    const channels = new Set(pills.filter((p) => p.ariaPressed === "true").map((p) => p.dataset.channel));
    let shown = 0;
    for (const post of posts) {
      const fits = matches(post, words, channels);
      post.element.hidden = !fits;
      const chip = chips.get(post.element.id);
      if (chip) chip.hidden = !fits;
      shown += fits;
    }
    for (const day of days) {
      const fitting = day.posts.filter((post) => !post.element.hidden).length;
      day.element.hidden = fitting === 0;
      day.element.className = `day s${Math.min(fitting, 3)}`;
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
    byId("clear").hidden = shown === total && !find.value && channels.size === 0 && selects.every((s) => !s.value);
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

  /* A link to a post or day that the filters hide shows it again. */
  const reveal = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.matches(".post, .day")) return;
    if (target.hidden) { clear(); target.scrollIntoView(); }
    target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  /* Some browsers put back what a form held before a reload. */
  if (find.value || selects.some((select) => select.value)) apply();
})();
