// One grid as SVG. A cell is 100 units wide; colours come from the style sheet, so a change of theme needs no code.
import { count, svg } from "./dom.js";
import { KINDS, NAMED, OTHER } from "./palette.js";

// Every kind is drawn with shapes as distinct as its colour; `fill` and `line` are set by the colour's class.
const SHAPES = {
  key: () => [
    svg("g", { transform: "rotate(-38 50 50)", class: "line" }, svg("circle", { cx: 30, cy: 50, r: 15 }),
      svg("path", { d: "M45 50H86M72 50v14M84 50v11" })),
  ],
  door: (state) => state === "open"
    ? [svg("path", { d: "M16 94V8H84V94", class: "line thin" }), svg("path", { d: "M16 8L42 20V100L16 94Z", class: "fill" })]
    : [
      svg("rect", { x: 14, y: 6, width: 72, height: 88, rx: 5, class: "fill" }),
      state === "locked"
        ? svg("path", { d: "M50 34a10 10 0 0 1 5 18.5L58 70H42l3-17.5A10 10 0 0 1 50 34Z", class: "hole" })
        : svg("circle", { cx: 70, cy: 52, r: 6, class: "hole" }),
    ],
  goal: () => [
    svg("path", { d: "M30 90V12", class: "line" }), svg("path", { d: "M30 14L82 31L30 50Z", class: "fill" }),
    svg("path", { d: "M18 90H44", class: "line" }),
  ],
  ball: () => [svg("circle", { cx: 50, cy: 50, r: 28, class: "fill" })],
  box: () => [
    svg("rect", { x: 20, y: 24, width: 60, height: 54, rx: 4, class: "line" }),
    svg("path", { d: "M20 44H80M50 44V58", class: "line thin" }),
  ],
  lava: () => [
    svg("rect", { width: 100, height: 100, class: "fill" }),
    svg("path", { d: "M8 36q14-14 28 0t28 0t28 0M8 66q14-14 28 0t28 0t28 0", class: "wave" }),
  ],
  barred: () => [svg("path", { d: "M18 4V96M39 4V96M61 4V96M82 4V96M4 30H96M4 70H96", class: "line thin" })],
};

function describeLook(kind, look) {
  const words = look.split(" ");
  return {
    colour: words.find((word) => NAMED.includes(word)) ?? KINDS[kind] ?? OTHER,
    state: words.find((word) => !NAMED.includes(word)) ?? "",
  };
}

function itemPicture(kind, look, lettered) {
  const { colour, state } = describeLook(kind, look);
  const other = () => [
    svg("rect", { x: 20, y: 20, width: 60, height: 60, rx: 12, class: "fill" }),
    svg("text", { x: 50, y: 64, class: "letter on-fill" }, kind.slice(0, 1)),
  ];
  const shapes = (SHAPES[kind] ?? other)(state);
  // Where colour alone would tell two things of a kind apart, a letter says the colour too.
  if (lettered) shapes.push(svg("text", { x: 84, y: 30, class: "letter" }, colour.slice(0, 1)));
  return svg("g", { class: `pm-item pm-${colour}` }, svg("title", {}, `${look} ${kind}`.trim()), ...shapes);
}

/** A picture of `data`'s boards. `show(frame)` draws a frame; `node` is the element; its label says the frame in words. */
export function createScene(data) {
  const { rows, columns } = data;
  const at = (cell) => [(cell % columns) * 100, Math.floor(cell / columns) * 100];
  const centre = (cell) => at(cell).map((value) => value + 50).join(",");
  const lines = [];
  for (let r = 1; r < rows; r++) lines.push(`M0 ${r * 100}H${columns * 100}`);
  for (let c = 1; c < columns; c++) lines.push(`M${c * 100} 0V${rows * 100}`);

  const heat = svg("g", { class: "pm-heat" });
  const walls = svg("path", { class: "pm-wall" });
  const items = svg("g");
  const trails = [60, 24, 8].map((length) => ({ length, line: svg("polyline", { class: `pm-trail pm-trail-${length}` }) }));
  const body = data.heading
    ? svg("path", { d: "M34 0L-26 -27Q-12 0 -26 27Z", class: "pm-body" })
    : svg("circle", { r: 29, class: "pm-body" });
  const turned = svg("g", {}, body);
  const hand = svg("g", { transform: "translate(4 4) scale(.42)" });
  const agent = svg("g", { class: "pm-agent" }, turned, hand);
  const node = svg("svg", {
    class: "pm-grid", role: "img", viewBox: `-8 -8 ${columns * 100 + 16} ${rows * 100 + 16}`,
  }, svg("rect", { x: -5, y: -5, width: columns * 100 + 10, height: rows * 100 + 10, rx: 14, class: "pm-floor" }),
  svg("path", { d: lines.join(""), class: "pm-lines" }), heat, walls, items, ...trails.map((t) => t.line), agent);

  const visits = new Map(); // cell -> { count, rect }, so that a step forth or back touches one cell
  function visit(cell, change) {
    let seen = visits.get(cell);
    if (!seen) {
      const [x, y] = at(cell);
      seen = { count: 0, rect: svg("rect", { x: x + 3, y: y + 3, width: 94, height: 94, rx: 10 }) };
      visits.set(cell, seen);
      heat.append(seen.rect);
    }
    seen.count += change;
    const strength = seen.count === 0 ? 0 : 0.1 + 0.4 * (1 - Math.exp((1 - seen.count) / 8));
    seen.rect.setAttribute("fill-opacity", strength.toFixed(3));
  }

  let counted = -1;
  let board = -1;
  let held;
  let wall = -1;
  function drawBoard(index) {
    const [wallIndex, ...flat] = data.boards[index];
    if (wallIndex !== wall) {
      wall = wallIndex;
      walls.setAttribute("d", data.walls[wall].map((cell) => `M${at(cell).join(" ")}h100v100h-100Z`).join(""));
    }
    const looks = [];
    for (let i = 0; i < flat.length; i += 2) looks.push(flat[i]);
    const colours = {};
    for (const look of looks) {
      const [kind, words] = data.looks[look];
      (colours[kind] ??= new Set()).add(describeLook(kind, words).colour);
    }
    items.replaceChildren(...looks.map((look, i) => {
      const [kind, words] = data.looks[look];
      const picture = itemPicture(kind, words, colours[kind].size > 1);
      picture.setAttribute("transform", `translate(${at(flat[2 * i + 1]).join(" ")})`);
      return picture;
    }));
  }

  function carry(thing) {
    const words = thing ? thing.split(" ") : [];
    const kind = words.pop();
    hand.replaceChildren(...(kind ? [svg("circle", { cx: 50, cy: 50, r: 62, class: "pm-badge" }),
      itemPicture(kind, words.join(" "), false)] : []));
  }

  function show(frame) {
    while (counted < frame) visit(data.cell[++counted], 1);
    while (counted > frame) visit(data.cell[counted--], -1);
    if (data.board[frame] !== board) drawBoard((board = data.board[frame]));
    const holding = data.held[data.carrying[frame]];
    if (holding !== held) carry((held = holding));
    for (const { length, line } of trails) {
      line.setAttribute("points", data.cell.slice(Math.max(0, frame - length), frame + 1).map(centre).join(" "));
    }
    const [x, y] = at(data.cell[frame]);
    agent.style.transform = `translate(${x + 50}px, ${y + 50}px)`;
    if (data.heading) turned.setAttribute("transform", `rotate(${data.heading[frame] * 90})`);
    node.setAttribute("aria-label", describe(frame));
  }

  function describe(frame) {
    const place = (cell) => `row ${Math.floor(cell / columns)}, column ${cell % columns}`;
    const [, ...flat] = data.boards[data.board[frame]];
    const things = [];
    for (let i = 0; i < flat.length && things.length < 12; i += 2) {
      const [kind, words] = data.looks[flat[i]];
      things.push(`${words} ${kind} at ${place(flat[i + 1])}`.trim());
    }
    const thing = data.held[data.carrying[frame]];
    const holding = thing ? `, carrying ${thing}` : "";
    return `Grid of ${count(rows, "row")} and ${count(columns, "column")}. Agent at ${place(data.cell[frame])}${holding}. `
      + things.join("; ");
  }

  /** The same episode, grown by a step. */
  function extend(longer) {
    data = longer;
  }

  return { node, show, extend };
}
