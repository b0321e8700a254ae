// The services and the requests of the console as lists written by hand: no framework, only the rows
// near the view are in the page, a row that comes takes the element of one that goes, and a text is
// written only where it differs. What the console's tables are measured against.

const ROW = 36;
const MARGIN = 6;

/** An element with its class and its content. */
function make(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

function write(node, text) {
  if (node.data !== text) node.data = text;
}

/** A text node in a cell, and the cell. */
function cell(className) {
  const text = document.createTextNode("");
  return { text, cell: make("td", className, text) };
}

/** A table that draws `count()` rows: `row()` makes one, and gives what writes it. */
function windowed(className, heads, widths, row) {
  const body = make("tbody");
  const gap = () => {
    const room = make("td");
    room.colSpan = heads.length;
    return { room, tr: make("tr", "gap", room) };
  };
  const [above, below] = [gap(), gap()];
  body.append(above.tr, below.tr);
  const columns = widths.map((width) => {
    const column = make("col");
    column.style.width = width;
    return column;
  });
  const head = make("tr", "", ...heads.map(([words, name]) => make("th", name, words)));
  const table = make("table", `table window ${className}`, make("colgroup", "", ...columns), make("thead", "", head), body);
  const drawn = [];
  let items = [];
  let first = 0;

  function draw() {
    const top = -body.getBoundingClientRect().top;
    const start = Math.max(0, Math.min(Math.floor(top / ROW), items.length) - MARGIN);
    const end = Math.min(items.length, start + Math.ceil(innerHeight / ROW) + 2 * MARGIN);
    while (drawn.length < end - start) {
      const made = row();
      drawn.push(made);
      below.tr.before(made.tr);
    }
    while (drawn.length > end - start) drawn.pop().tr.remove();
    // Rows that go at one end come back at the other.
    if (start > first) for (let moved = 0; moved < Math.min(start - first, drawn.length); moved += 1) {
      const made = drawn.shift();
      drawn.push(made);
      below.tr.before(made.tr);
    }
    first = start;
    drawn.forEach((made, place) => {
      made.write(items[start + place]);
      made.tr.ariaRowIndex = `${start + place + 2}`;
    });
    above.room.style.height = `${start * ROW}px`;
    below.room.style.height = `${(items.length - end) * ROW}px`;
  }

  addEventListener("scroll", draw);
  addEventListener("resize", draw);
  return {
    table,
    show(shown) {
      items = shown;
      table.ariaRowCount = `${items.length + 1}`;
      draw();
    },
    close() {
      removeEventListener("scroll", draw);
      removeEventListener("resize", draw);
    },
  };
}

/** A state as shape and word. */
function mark() {
  const text = document.createTextNode("");
  const element = make("span", "", make("i"), make("span", "", text));
  return { element, write: (shape, word) => {
    const name = `state ${shape}`;
    if (element.className !== name) element.className = name;
    write(text, word);
  } };
}

function searchBox(placeholder, input) {
  const field = make("input");
  field.type = "search";
  field.placeholder = placeholder;
  field.addEventListener("input", () => input(field.value));
  return make("div", "field grow", make("label", "search", field));
}

const plural = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

// Services

const STATES = { running: ["ok", "Running"], converging: ["busy", "Converging"], degraded: ["warn", "Degraded"], down: ["bad", "Down"], paused: ["off", "Paused"], undeployed: ["none", "Never deployed"] };
const URGENCY = ["down", "degraded", "converging", "running", "paused", "undeployed"];

function ago(instant) {
  const seconds = Math.floor((Date.now() - Date.parse(instant)) / 1_000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

function serviceRow() {
  const tick = make("input");
  tick.type = "checkbox";
  const link = make("a", "row-link", "");
  const name = link.appendChild(document.createTextNode(""));
  const state = mark();
  const [ready, source, release] = [cell("num ratio"), cell("mono dim source"), cell("mono num")];
  const [domains, tags] = [make("span", "links-cell"), make("span", "chips")];
  const updated = document.createTextNode("");
  const time = make("time", "", updated);
  const tr = make("tr", "", make("td", "tick", tick), make("td", "name", link), make("td", "", state.element), ready.cell, source.cell,
    release.cell, make("td", "", domains), make("td", "", tags), make("td", "num dim", time));
  let shown = [];
  const list = (place, into, texts, element) => {
    const key = texts.join("\n");
    if (shown[place] === key) return;
    shown[place] = key;
    into.replaceChildren(...texts.slice(0, 2).map(element));
  };
  return { tr, write: ({ service }) => {
    write(name, service.name);
    link.href = `/o/many/p/shop/e/production/s/${service.slug}/overview`;
    tick.ariaLabel = `Select ${service.name}`;
    state.write(...STATES[service.status.state]);
    write(ready.text, service.status.desired ? `${service.status.ready}/${service.status.desired}` : "0");
    write(source.text, service.image ?? "–");
    write(release.text, service.latest_release ? `v${service.latest_release.version}` : "");
    list(0, domains, service.domains, (domain) => {
      const anchor = make("a", "link", make("span", "cut", domain));
      anchor.href = `http://${domain}/`;
      return anchor;
    });
    list(1, tags, service.tags, (tag) => make("span", "chip", tag));
    write(updated, ago(service.updated));
    time.dateTime = service.updated;
    time.title = service.updated;
  } };
}

async function services(into) {
  const heads = [["", "tick"], ["Name"], ["State"], ["Ready", "num"], ["Source"], ["Release", "num"], ["Domains"], ["Tags"], ["Updated", "num"]];
  const list = windowed("services", heads, ["4%", "13%", "10%", "6%", "20.5%", "6.5%", "16%", "13.5%", "10.5%"], serviceRow);
  const about = make("div", "dim about-line");
  let rows = [];
  const filter = (text) => {
    const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
    list.show(rows.filter((row) => terms.every((term) => row.haystack.includes(term))));
  };
  const reply = await fetch("/api/v1/orgs/many/projects/shop/envs/production/services/");
  const all = await reply.json();
  rows = all.map((service) => ({
    service,
    haystack: [service.name, service.slug, service.image, ...service.domains, ...service.tags].join("\n").toLowerCase(),
  }));
  rows.sort((a, b) => (a.service.name < b.service.name ? -1 : 1));
  const counts = URGENCY.map((state) => [state, all.filter((service) => service.status.state === state).length]).filter(([, count]) => count > 0);
  about.textContent = `${plural(all.length, "service")}: ${counts.map(([state, count]) => `${count} ${state}`).join(", ")}`;
  into.replaceChildren(
    make("div", "head", make("div", "grow", make("h1", "", "Services"), about)),
    make("div", "bar", searchBox("Filter: text, tag:edge, state:down, image:redis", filter)),
    make("section", "panel", list.table),
  );
  list.show(rows);
  return list;
}

// Requests

const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
const SHAPES = ["none", "off", "ok", "off", "warn", "bad"];
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

function latency(ms) {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1_000).toFixed(1)} s`;
}

function size(bytes) {
  if (bytes === 0) return "–";
  if (bytes < 1_000) return `${bytes} B`;
  return `${(bytes / 1_000).toFixed(1)} KB`;
}

function requestRow() {
  const status = mark();
  const path = document.createTextNode("");
  const open = make("button", "row-link", make("bdi", "", path));
  open.type = "button";
  open.ariaExpanded = "false";
  const cells = ["sm dim", "mono", "dim", "num", "num dim", "num dim", "dim", "mono dim"].map(cell);
  const [time, method, host, duration, received, sent, client, instance] = cells;
  const tr = make("tr", "", time.cell, make("td", "", status.element), method.cell, make("td", "name mono", open), host.cell, duration.cell,
    received.cell, sent.cell, client.cell, instance.cell);
  return { tr, write: (row) => {
    write(time.text, clock.format(row.at));
    status.write(SHAPES[Math.floor(row.status / 100)], `${row.status}`);
    write(method.text, row.method);
    write(path, row.path);
    write(host.text, row.host);
    write(duration.text, latency(row.duration_ms));
    write(received.text, size(row.bytes_in));
    write(sent.text, size(row.bytes_out));
    write(client.text, row.client);
    write(instance.text, row.instance);
  } };
}

/** The totals by class, the histogram and the percentiles. */
function summary() {
  const total = (words, shape) => {
    const [count, share] = [document.createTextNode(""), document.createTextNode("")];
    const name = mark();
    name.write(shape, words);
    return { count, share, div: make("div", "", make("dt", "", name.element), make("dd", "", make("b", "", count), make("span", "faint sm", share))) };
  };
  const classes = [2, 3, 4, 5].map((one) => total(`${one}xx`, SHAPES[one]));
  const bars = [...BOUNDS, Infinity].map(() => make("i", "some"));
  const shares = [50, 95, 99].map((share) => {
    const text = document.createTextNode("");
    return { text, share, div: make("div", "", make("dt", "dim", `p${share}`), make("dd", "", make("b", "", text))) };
  });
  const section = make("section", "panel summary", make("dl", "totals", ...classes.map(({ div }) => div)),
    make("div", "grow", make("ol", "histogram", ...bars.map((bar) => make("li", "", bar)))), make("dl", "totals", ...shares.map(({ div }) => div)));
  return { section, show: (rows) => {
    const [counts, buckets] = [new Array(6).fill(0), new Array(bars.length).fill(0)];
    const durations = new Float64Array(rows.length);
    rows.forEach((row, place) => {
      counts[Math.floor(row.status / 100)] += 1;
      let bucket = 0;
      while (bucket < BOUNDS.length && BOUNDS[bucket] <= row.duration_ms) bucket += 1;
      buckets[bucket] += 1;
      durations[place] = row.duration_ms;
    });
    durations.sort();
    const fullest = Math.max(1, ...buckets);
    classes.forEach(({ count, share }, place) => {
      write(count, counts[place + 2].toLocaleString("en"));
      write(share, rows.length ? `${(counts[place + 2] * 100 / rows.length).toFixed(1)} %` : "");
    });
    bars.forEach((bar, place) => { bar.style.height = `${(buckets[place] * 100 / fullest).toFixed(1)}%`; });
    shares.forEach(({ text, share }) => write(text, rows.length ? latency(durations[Math.ceil(rows.length * share / 100) - 1]) : "–"));
  } };
}

async function requests(into) {
  const heads = [["Time"], ["Status"], ["Method"], ["Path"], ["Host"], ["Duration", "num"], ["In", "num"], ["Out", "num"], ["Client"], ["Instance"]];
  const list = windowed("requests", heads, ["10.5%", "6.5%", "7%", "25%", "12.5%", "8%", "6.5%", "7%", "10%", "7%"], requestRow);
  const totals = summary();
  const count = make("span", "dim sm");
  let rows = [];
  const filter = (text) => {
    const shown = text ? rows.filter((row) => row.path.includes(text)) : rows;
    count.textContent = plural(shown.length, "request");
    totals.show(shown);
    list.show(shown);
  };
  const reply = await fetch("/api/v1/orgs/many/projects/shop/envs/production/services/web/access-logs?limit=10000");
  rows = (await reply.json()).rows.map((row) => ({ ...row, at: new Date(row.timestamp) }));
  into.replaceChildren(
    make("div", "bar requests-bar", searchBox("Path contains, capitals count", filter)),
    totals.section,
    make("section", "panel", make("header", "", make("h2", "", "Last hour"), count), list.table),
  );
  filter("");
  return list;
}

let opened;

/** Shows one of the two lists in an empty page. */
window.openByHand = async (name) => {
  // Each has its address and its title, as a page of the console has.
  history.pushState(null, "", `?${name}`);
  document.title = name;
  opened = await { services, requests }[name](document.getElementById("main"));
};

window.closeByHand = () => {
  opened?.close();
  document.getElementById("main").replaceChildren();
};
