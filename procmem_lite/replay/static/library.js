// LibraryBrowser: a table and a map of skills, and beneath them the chosen one.
import { count, html, localState, svg, watchKernel, write } from "./dom.js";
import { lastStep, mountPlayer, startClock } from "./player.js";
import { skillClass } from "./timeline.js";

const SHOWN = 200; // rows in the table at once; the filter finds the rest
const [NAME, EFFECT, NEEDS, STEPS, USES, SUCCESSES] = [0, 1, 2, 3, 4, 5]; // of a row
const COLUMNS = [["Skill", NAME], ["Needs", NEEDS], ["Steps", STEPS], ["Uses", USES], ["Succeeded", SUCCESSES]];

const rate = (skill) => (skill[USES] ? `${Math.round((100 * skill[SUCCESSES]) / skill[USES])} %` : "–");

/** The skills' table. `draw()` after a choice; clicks and arrow keys call `choose(row)`. */
function createTable(skills, hue, chosen, choose) {
  let order = { column: USES, down: true };
  const filter = html("input", {
    type: "search", class: "pm-filter", placeholder: "Filter: has_key, door …", "aria-label": "Filter skills", oninput: draw,
  });
  const total = html("span", { class: "pm-quiet" });
  const heads = COLUMNS.map(([name, column]) => html("th", { scope: "col", class: column >= STEPS ? "pm-number" : "" },
    html("button", { type: "button", onclick: () => {
      order = { column, down: order.column === column ? !order.down : column >= STEPS };
      draw();
    } }, name, html("span", { class: "pm-arrow", "aria-hidden": "true" }))));
  const body = html("tbody", { onkeydown: (event) => {
    const sibling = { ArrowDown: "nextSibling", ArrowUp: "previousSibling" }[event.key];
    const next = sibling && event.target.closest("tr")[sibling];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    choose(+next.dataset.row);
    body.querySelector("[aria-selected=true]")?.focus();
  } });
  function draw() {
    const words = filter.value.toLowerCase();
    const sign = order.down ? -1 : 1;
    const value = (row) => (order.column === SUCCESSES ? skills[row][SUCCESSES] / (skills[row][USES] || NaN) : skills[row][order.column]);
    const found = [...skills.keys()].filter((row) => skills[row].join(" ").toLowerCase().includes(words));
    found.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (typeof x === "string") return sign * x.localeCompare(y, "en", { numeric: true }) || a - b;
      // A skill that was never used has no rate: it comes last in either order.
      return (Number.isNaN(x) - Number.isNaN(y)) || sign * (x - y) || a - b;
    });
    heads.forEach((head, index) => {
      const sorted = COLUMNS[index][1] === order.column;
      head.setAttribute("aria-sort", sorted ? (order.down ? "descending" : "ascending") : "none");
      write(head.querySelector(".pm-arrow"), sorted ? (order.down ? " ↓" : " ↑") : "");
    });
    body.replaceChildren(...found.slice(0, SHOWN).map((row) => {
      const skill = skills[row];
      const picked = row === chosen();
      return html("tr", { "data-row": row, "aria-selected": String(picked), tabindex: picked ? 0 : -1, onclick: () => choose(row) },
        html("td", { title: skill[NAME] }, html("i", { class: `pm-swatch ${skillClass(hue(skill))}` }), " ", skill[NAME]),
        html("td", { title: skill[NEEDS] }, skill[NEEDS] || "–"),
        ...[STEPS, USES].map((column) => html("td", { class: "pm-number" }, String(skill[column]))),
        html("td", { class: "pm-number" }, rate(skill)));
    }));
    if (!body.querySelector("[tabindex='0']")) body.firstChild?.setAttribute("tabindex", 0);
    write(total, found.length > SHOWN ? `${SHOWN} of ${count(found.length, "row")}` : count(found.length, "row"));
  }
  const node = html("div", { class: "pm-table" }, html("div", { class: "pm-tools" }, filter, total),
    html("div", { class: "pm-scroll" }, html("table", {}, html("thead", {}, html("tr", {}, ...heads)), body)));
  return { node, draw };
}

/** The map of the embeddings: near each other are skills for similar situations. The last rows have no point. */
function createMap(points, skills, effects, hue, chosen, choose) {
  const dots = points.map(([x, y], row) => svg("circle", {
    cx: 100 * x, cy: -100 * y, r: 2.5 + Math.min(4, Math.sqrt(skills[row][USES])), class: `pm-dot ${skillClass(hue(skills[row]))}`,
    onclick: () => choose(row),
  }, svg("title", {}, skills[row][NAME])));
  const ring = svg("circle", { r: 9, class: "pm-ring" });
  const node = html("figure", { class: "pm-map" },
    svg("svg", { viewBox: "-112 -112 224 224", role: "img", "aria-label": `Map of the embeddings of ${count(points.length, "skill")}` },
      svg("path", { d: "M-110 0H110M0 -110V110", class: "pm-lines" }), ...dots, ring),
    html("figcaption", { class: "pm-quiet" }, "Embeddings on two principal components; larger dots were used more"),
    html("div", { class: "pm-legend" }, ...effects.map((effect, index) =>
      html("span", {}, html("i", { class: `pm-swatch ${skillClass(index)}` }), effect))));
  return { node, draw() {
    const point = points[chosen()];
    ring.setAttribute("visibility", point ? "visible" : "hidden");
    if (point) ring.setAttribute("transform", `translate(${100 * point[0]} ${-100 * point[1]})`);
  } };
}

/** A skill's path as seen from its anchor, which is the square in the picture. */
function pathPicture(detail) {
  if (!detail.stored) return html("p", { class: "pm-quiet" }, "A path found anew each time: replay a use to see one.");
  if (!detail.path) return html("p", { class: "pm-quiet" }, "No episode given shows what these actions do.");
  // An agent with a heading counts forward and right; ahead is drawn upwards.
  const points = detail.path.map(([a, b]) => (detail.turns ? [b, -a] : [b, a]));
  const all = detail.anchored ? [...points, [0, 0]] : points;
  const low = [0, 1].map((axis) => Math.min(...all.map((point) => point[axis])) - 1);
  const size = [0, 1].map((axis) => Math.max(...all.map((point) => point[axis])) + 1 - low[axis]);
  const side = Math.max(...size, 4);
  const lines = [];
  for (let i = 0; i <= side; i++) {
    const [x, y] = low.map((least, axis) => least - Math.floor((side - size[axis]) / 2) + i);
    const [left, top] = low.map((least, axis) => least - Math.floor((side - size[axis]) / 2));
    lines.push(`M${left} ${y}H${left + side}M${x} ${top}V${top + side}`);
  }
  const [left, top] = low.map((least, axis) => least - Math.floor((side - size[axis]) / 2));
  return svg("svg", {
    class: "pm-path", viewBox: `${left - .1} ${top - .1} ${side + .2} ${side + .2}`, role: "img",
    "aria-label": `The skill's path, seen from its anchor: ${detail.actions.join(", ")}`,
  }, svg("path", { d: lines.join(""), class: "pm-lines" }),
  ...(detail.anchored ? [svg("rect", { x: -.32, y: -.32, width: .64, height: .64, rx: .1, class: "pm-anchor" })] : []),
  svg("polyline", { points: points.map((point) => point.join(",")).join(" "), class: "pm-trace" }),
  svg("circle", { cx: points[0][0], cy: points[0][1], r: .27, class: "pm-body" }),
  svg("circle", { cx: points.at(-1)[0], cy: points.at(-1)[1], r: .13, class: "pm-end" }));
}

function render({ model, el }) {
  el.classList.add("pm");
  const forget = watchKernel(model, el);
  const skills = model.get("_skills");
  const effects = [...new Set(skills.map((skill) => skill[EFFECT]))];
  const hue = (skill) => effects.indexOf(skill[EFFECT]);
  const chosen = () => model.get("selected");
  const choose = (row) => {
    model.set("selected", row);
    model.save_changes();
  };
  const table = createTable(skills, hue, chosen, choose);
  const map = createMap(model.get("_map"), skills, effects, hue, chosen, choose);
  const detail = html("section", { class: "pm-detail", "aria-live": "polite" });
  el.append(html("div", { class: "pm-player pm-library", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "pm-overview" }, table.node, map.node), detail));

  let closeReplay = () => {};
  function replay(record, place) {
    closeReplay();
    place.replaceChildren();
    const state = localState({ step: 0, playing: true, fps: 6 });
    const stop = startClock(state, lastStep([record]));
    const close = mountPlayer(place, [record], state);
    closeReplay = () => { stop(); close(); };
  }

  function showDetail() {
    closeReplay();
    const data = model.get("_detail");
    const skill = skills[data.selected];
    if (!skill) return detail.replaceChildren(html("p", { class: "pm-quiet" }, "The library is empty."));
    const place = html("div", { class: "pm-stage" }, pathPicture(data));
    const uses = data.uses.map((use) => html("button", {
      type: "button", class: "pm-button", disabled: !use.record, onclick: () => replay(use.record, place),
      title: use.record ? `Replay (${use.reason})` : `Gave up at once: ${use.reason}`,
    }, `${use.ok ? "✓" : "✕"} episode ${use.episode}, steps ${use.start}–${use.stop}`));
    const listed = data.used > data.uses.length ? `the latest ${data.uses.length} of ${data.used}` : String(data.used);
    detail.replaceChildren(
      html("div", { class: "pm-about" },
        html("h4", {}, html("i", { class: `pm-swatch ${skillClass(hue(skill))}` }), " ", skill[NAME]),
        html("p", {}, `Needs ${skill[NEEDS] || "nothing"}; brings about ${skill[EFFECT]}. `
          + (skill[USES] ? `${skill[SUCCESSES]} of ${count(skill[USES], "use")} succeeded.` : "Never used.")),
        html("p", { class: "pm-quiet" }, data.stored
          ? `${count(data.actions.length, "action")}: ${data.actions.join(", ")}`
          : `Goes to the site from wherever it is: ${count(skill[STEPS], "step")} on average`),
        html("p", { class: "pm-quiet" }, `Uses here: ${listed}`),
        html("div", { class: "pm-actions" }, ...uses)), place);
  }
  function showChoice() {
    table.draw();
    map.draw();
  }
  showChoice();
  showDetail();
  model.on("change:selected", showChoice);
  model.on("change:_detail", showDetail);
  return () => {
    forget();
    closeReplay();
    model.off("change:selected", showChoice);
    model.off("change:_detail", showDetail);
  };
}

export default { render };
