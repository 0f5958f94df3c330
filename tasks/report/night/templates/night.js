"use strict";
// Draws the lists from the data in this page. Text is only ever set as text, never as HTML.
(() => {
  const AT_ONCE = 100;
  const data = JSON.parse(document.getElementById("data").textContent);
  const SIGNALS = data.signals;
  const collator = new Intl.Collator("en", { numeric: true });
  const byId = (id) => document.getElementById(id);

  function made(name, { text, ...given } = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    element.append(...children);
    return element;
  }

  const titleOf = ([title, year]) => [
    made("bdi", { text: title }),
    ...(year === null ? [] : [made("span", { class: "year", text: ` (${year})` })]),
  ];

  // A title or what is typed, as words: no accents, no signs, "Matrix, The" as "the matrix".
  function words(text) {
    const front = text.replace(/^(.*), (the|a|an|le|la|les|l'|il|el|los|las|der|die|das)( \(.*)?$/i,
      (_, rest, article, more) => `${article} ${rest}${more ?? ""}`);
    const plain = front.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    return ` ${plain.replace(/['’]/g, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim()}`;
  }

  const genresOf = ([, , genres]) =>
    (genres ? [made("span", { class: "genres", text: genres.replaceAll("|", ", ") })] : []);

  const FREE = ["estimate", "score"];  // signals without a scale of their own

  // A figure as the page writes it everywhere: with a true minus.
  function figure(name, value) {
    if (value === null) return "–";
    return (FREE.includes(name) ? value.toPrecision(3) : value.toFixed(2)).replace("-", "−");
  }

  // The language model's sentence and the ranker's reasons, where there are any.
  function whyOf(row) {
    const texts = [["why", row.why], ["reasons", row.reasons]].filter(([, text]) => text);
    return texts.map(([kind, text]) => made("span", { class: kind, text }));
  }

  const reasonsOf = (number) => (number === null ? "" : data.reasons[number]);

  // The lowest and the highest that a user's items have of each signal.
  const boundsOf = (rows) => SIGNALS.map((_, at) => {
    const values = rows.map((row) => row.signals[at]).filter((value) => value !== null);
    return [Math.min(...values), Math.max(...values)];
  });

  // Where a signal's bar begins and how wide it is, in per cent.
  function extent(name, value, [least, most]) {
    if (value === null) return [0, 0];
    if (name === "similarity") return value < 0 ? [50 + 50 * value, -50 * value] : [50, 50 * value];
    const [low, high] = FREE.includes(name) ? [least, most] : [0, 1];
    const share = high > low ? (value - low) / (high - low) : 1;
    return [0, 100 * Math.min(1, Math.max(0, share))];
  }

  function bar(name, value, bounds) {
    const [from, wide] = extent(name, value, bounds);
    const fill = made("i", name === "similarity" && value < 0 ? { class: "below" } : {});
    fill.style.setProperty("--from", `${from}%`);
    fill.style.setProperty("--wide", `${wide}%`);
    return made("span", { class: "of", "aria-hidden": "true" }, fill);
  }

  // Both lists of one user.

  function moved(row, column) {
    const [here, there] = column === "base" ? [row.base, row.rank] : [row.rank, row.base];
    if (here === there) return "";
    const word = column === "base" ? "to" : "from";
    return ` ${word} ${there}`;
  }

  function entry(row, column, signalsOf) {
    const line = made("div", {}, ...titleOf(row.item));
    if (row.heldOut) line.append(made("span", { class: "hit", text: " ★ hidden item" }));
    line.append(made("span", { class: "from", text: moved(row, column) }));
    line.append(...genresOf(row.item));
    if (column !== "base") line.append(...whyOf(row));
    const signals = signalsOf.map((at) => {
      const name = SIGNALS[at];
      const label = made("span", { class: "hidden", text: `${name} ` });
      const value = row.signals[at];
      return made("span", { class: "signal" }, bar(name, value, row.bounds[at]), label,
        figure(name, value));
    });
    return made("li", row.heldOut ? { class: "star" } : {},
      made("span", { class: "place", text: row[column] }), line,
      made("div", { class: "signals" }, ...signals));
  }

  function list(rows, column, heading, signalsOf) {
    const inList = rows.filter((row) => row[column] <= data.top);
    inList.sort((one, other) => one[column] - other[column]);
    const names = made("div", { class: "names", "aria-hidden": "true" },
      ...signalsOf.map((at) => made("span", { text: SIGNALS[at] })));
    return made("div", {}, made("h4", { text: heading }), names,
      made("ol", {}, ...inList.map((row) => entry(row, column, signalsOf))));
  }

  // Side by side, with the signals that some item has.
  function pair(rows, heading) {
    const signalsOf = SIGNALS.map((_, at) => at)
      .filter((at) => rows.some((row) => (row.signals[at] ?? null) !== null));
    return made("div", { class: "pair" },
      list(rows, "base", "Base list", signalsOf), list(rows, "rank", heading, signalsOf));
  }

  // Whom re-ranking helped or harmed most.

  function example(user) {
    const rows = user.rows.map(([item, base, rank, heldOut, reason]) =>
      ({ item: data.items[item].slice(0, 2), base, rank, heldOut, reasons: reasonsOf(reason), signals: [] }));
    const hidden = rows.find((row) => row.heldOut);
    const sign = user.gain < 0 ? "−" : "+";
    const summary = made("summary", {}, made("strong", { text: `User ${user.id}` }),
      ` gain ${sign}${Math.abs(user.gain).toFixed(3)}`);
    if (hidden) summary.append(": ", ...titleOf(hidden.item), ` from ${hidden.base} to ${hidden.rank}`);
    const details = made("details", {}, summary);
    const draw = () => details.childElementCount < 2 && details.append(pair(rows, "Re-ranked list"));
    details.addEventListener("toggle", draw);
    return details;
  }

  function drawExamples() {
    const sides = { helped: data.examples.filter((user) => user.gain > 0),
      harmed: data.examples.filter((user) => user.gain < 0).reverse() };
    for (const [id, users] of Object.entries(sides)) {
      if (!byId(id)) continue;
      byId(id).replaceChildren(...users.map(example));
      if (users.length) byId(id).firstChild.open = true;
      if (!users.length) byId(id).append(made("p", { class: "empty", text: "Nobody." }));
    }
  }

  // Every published list: filtered, sorted, and drawn a screenful at a time.

  const wordsOf = data.items.map(([title, year]) => words(year === null ? title : `${title} (${year})`));
  const people = data.users.map((user) => {
    const all = user.rows.map(([item, base, rank, reranked, before, reason, ...signals]) => ({
      item: data.items[item], words: wordsOf[item], base, rank, reranked, before, signals,
      why: user.why?.[item], reasons: reasonsOf(reason), user: user.id }));
    const bounds = boundsOf(all);
    all.forEach((row) => { row.bounds = bounds; });
    return { ...user, all };
  });
  const published = people.flatMap((person) => person.all.filter((row) => row.rank <= data.top));
  const persons = new Map(people.map((person) => [person.id, person]));
  const COLUMNS = [
    { name: "user", of: (row) => row.user },
    { name: "place", of: (row) => row.rank, number: true },
    { name: "title", of: (row) => row.item[0] },
    { name: "base place", of: (row) => row.base, number: true },
    ...SIGNALS.map((name, at) => ({ name, of: (row) => row.signals[at], number: true, down: true })),
  ];
  let order = { column: COLUMNS[0], down: false };
  let shown = published;
  let drawn = 0;

  // What has no value comes last, whichever way.
  function compare(one, other) {
    const [a, b] = [order.column.of(one), order.column.of(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    const difference = order.column.number ? a - b : collator.compare(a, b);
    return order.down ? -difference : difference;
  }

  // What is known of a person beside the lists: what they typed, and what they rated highest.

  function tasteOf([text, weight]) {
    const words = made("blockquote", {}, made("bdi", { text }));
    const told = made("p", { class: "from", text: `typed, to weigh ${weight}` });
    return [made("h3", { text: "In their own words" }), words, ...(weight === null ? [] : [told])];
  }

  function favourite([item, rating]) {
    const count = rating.toLocaleString("en");
    return made("li", {},
      made("span", { class: "given number", text: data.implicit ? `${count} ×` : count }),
      made("div", {}, ...titleOf(data.items[item]), ...genresOf(data.items[item])));
  }

  function favouritesOf(liked) {
    const heading = data.implicit ? "Met most often" : "Rated highest";
    return [made("h3", { text: heading }), made("ol", {}, ...liked.map(favourite))];
  }

  function openPerson(id) {
    const person = persons.get(id);
    const guarded = person.all.some((row) => row.reranked !== row.rank);
    byId("person-h").textContent = `User ${id}`;
    byId("person-note").textContent = [
      person.from ? `List made by run ${person.from}.` : "",
      guarded ? "The guard published the base list." : "",
    ].join(" ");
    const known = [...(person.taste ? tasteOf(person.taste) : []),
      ...(person.liked ? favouritesOf(person.liked) : [])];
    byId("person-known").replaceChildren(...known);
    byId("person-known").hidden = !known.length;
    byId("person-lists").replaceChildren(pair(person.all, "Published list"));
    byId("person").showModal();
  }

  function tableRow(row) {
    const open = made("button", { type: "button", class: "person", text: row.user,
      "aria-label": `User ${row.user}: both lists` });
    open.addEventListener("click", () => openPerson(row.user));
    const title = made("th", { scope: "row" }, ...titleOf(row.item));
    if (data.again && row.before === null) title.append(" ", made("span", { class: "tag new", text: "new" }));
    title.append(...whyOf(row));
    const cell = (label, kind, text, ...children) =>
      made("td", { "data-label": label, class: kind, text }, ...children);
    return made("tr", {},
      cell("user", "user", "", open), cell("place", "place number", row.rank), title,
      cell("base place", "came number", row.base),
      ...SIGNALS.map((name, at) =>
        cell(name, "signal", figure(name, row.signals[at]), bar(name, row.signals[at], row.bounds[at]))));
  }

  function further() {
    const next = shown.slice(drawn, drawn + AT_ONCE);
    byId("browse").tBodies[0].append(...next.map(tableRow));
    drawn += next.length;
    byId("further").hidden = drawn >= shown.length;
  }

  function refresh() {
    const user = byId("by-user").value.trim().toLowerCase();
    const title = words(byId("by-title").value);
    const [onlyNew, onlyRaised] = [byId("only-new").checked, byId("only-raised").checked];
    shown = published.filter((row) =>
      row.user.toLowerCase().startsWith(user)
      && row.words.includes(title)
      && !(onlyNew && row.before !== null) && !(onlyRaised && row.base <= data.top));
    shown.sort(compare);
    const users = new Set(shown.map((row) => row.user)).size;
    byId("shown").textContent =
      `${shown.length.toLocaleString("en")} items of ${users.toLocaleString("en")} users`;
    byId("browse").tBodies[0].replaceChildren();
    drawn = 0;
    further();
  }

  function sortBy(column) {
    const again = order.column === column;
    order = { column, down: again ? !order.down : Boolean(column.down) };
    const heads = byId("browse").tHead.rows[0].cells;
    COLUMNS.forEach((one, at) => {
      if (one === column) heads[at].setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else heads[at].removeAttribute("aria-sort");
    });
    refresh();
  }

  function drawBrowse() {
    if (!byId("browse")) return;
    byId("browse").tHead.rows[0].append(...COLUMNS.map((column) => {
      const button = made("button", { type: "button", text: column.name });
      button.addEventListener("click", () => sortBy(column));
      return made("th", { scope: "col", class: column.number ? "number" : "" }, button);
    }));
    byId("filters").addEventListener("input", refresh);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filters").addEventListener("reset", () => setTimeout(refresh));
    byId("further").addEventListener("click", further);
    order = { column: null };
    sortBy(COLUMNS[0]);
  }

  drawExamples();
  drawBrowse();
  document.documentElement.dataset.ready = "yes";
})();
