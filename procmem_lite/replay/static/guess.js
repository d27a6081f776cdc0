// Guess: the reader commits to a number or draws a curve; the answer is put on the page only after that.
import { html, svg, write } from "./dom.js";

const HEIGHT = 170; // of a plot, in pixels
const STEP = 1 / 40; // of the y axis, for one press of an arrow key
const MARKS = ["M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z", "M-4-4H4V4H-4Z", "M0-5L5 4H-5Z", "M0-5.5L5.5 0L0 5.5L-5.5 0Z"];

// Without it on the very element that has the focus, JupyterLab takes "d d" for deleting the cell.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };
const MAIN = { class: "pm-button pm-main" };

/** A number as it is said: whole ones in full, others with four digits. */
const told = (value) => (Number.isInteger(value) ? value : +value.toPrecision(4))
  .toLocaleString("en", { maximumFractionDigits: 12 }).replace("-", "−");

/** Between `low` and `high`: where a value lies as a share of the way, the value at a share, and values to mark. */
function createScale([low, high], log) {
  const to = log ? Math.log10 : (value) => value;
  const [a, b] = [to(low), to(high)];
  const grain = 10 ** Math.floor(Math.log10((high - low) / 100)); // no finer than a hand draws
  function linear(most) {
    const power = 10 ** Math.floor(Math.log10((high - low) / most));
    const step = [1, 2, 5, 10].map((m) => m * power).find((size) => (high - low) / size <= most);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => +((first + i) * step).toPrecision(12));
  }
  function powers(most) {
    const [first, last] = [Math.ceil(a - 1e-9), Math.floor(b + 1e-9)];
    const every = Math.ceil((last - first + 1) / most);
    const all = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    return all.filter((power) => (power - first) % every === 0).map((power) => +(10 ** power).toPrecision(12));
  }
  return {
    share: (value) => (to(value) - a) / (b - a),
    at(share) {
      const value = a + share * (b - a);
      const rounded = log ? +(10 ** value).toPrecision(3) : +(Math.round(value / grain) * grain).toPrecision(12);
      return Math.min(high, Math.max(low, rounded));
    },
    ticks: (most) => (log && b - a >= 1.5 ? powers(most) : linear(most)),
  };
}

/** Ends of an axis that hold some values too. */
const grown = ([low, high], values) => [Math.min(low, ...values), Math.max(high, ...values)];

/** Ends of a line of numbers: from 0, or between powers of ten. */
function around(values, log) {
  if (!log) {
    const [low, high] = grown([0, 0], values);
    return low === high ? [-1, 1] : [low + Math.min(0, low) * .1, high + Math.max(0, high) * .1];
  }
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

/** Runs `draw(width)` whenever the width of `node` has changed. */
function watchWidth(node, draw) {
  const observer = new ResizeObserver(() => { if (node.clientWidth) draw(node.clientWidth); });
  observer.observe(node);
  return () => observer.disconnect();
}

const label = (x, y, text, anchor = "middle", name = "pm-tick") =>
  svg("text", { x, y, "text-anchor": anchor, class: name }, text);

/** The line of numbers with the answer on it, and the guess if there is one. */
function createLine(plot, answer, guess) {
  const values = guess === null ? [answer] : [answer, guess];
  const scale = createScale(plot.span ? grown(plot.span, values) : around(values, plot.log), plot.log);
  const spared = guess === null ? 28 : 0; // the guess's place above the line
  const node = svg("svg", {
    class: "pm-plot", height: (plot.xlabel ? 98 : 82) - spared, role: "img",
    "aria-label": `Line of numbers: ${guess === null ? "" : `your guess at ${told(guess)}, `}the answer at ${told(answer)}`,
  });
  const off = watchWidth(node, (width) => {
    const at = (value) => 30 + scale.share(value) * (width - 60);
    const name = (value, y, text) => {
      const share = scale.share(value);
      const [by, anchor] = share < .15 ? [-6, "start"] : share > .85 ? [6, "end"] : [0, "middle"];
      return label(at(value) + by, y, text, anchor, "pm-word");
    };
    const ticks = scale.ticks(Math.max(2, width / 90));
    node.replaceChildren(svg("g", { transform: `translate(0 ${-spared})` },
      svg("path", { d: `M30 40H${width - 30}${ticks.map((value) => `M${at(value)} 36V44`).join("")}`, class: "pm-axis" }),
      ...ticks.filter((value) => Math.abs(at(value) - at(answer)) > 28).map((value) => label(at(value), 58, told(value))),
      ...(plot.xlabel ? [label(width / 2, 93, plot.xlabel, "middle", "pm-word")] : []),
      svg("path", { d: `M${at(answer)} 40V64`, class: "pm-curve pm-answer-0" }),
      svg("path", { d: MARKS[0], transform: `translate(${at(answer)} 40)`, class: "pm-mark pm-answer-0" }),
      name(answer, 77, `answer ${told(answer)}`),
      ...(guess === null ? [] : [
        svg("path", { d: "M0 0L6-9L0-18L-6-9Z", transform: `translate(${at(guess)} 36)`, class: "pm-guessed" }),
        name(guess, 13, `your guess ${told(guess)}`)])));
  });
  return { node, off };
}

/** The axes of a curve in a plot of some width, and where on it x values and shares of the y axis lie. */
function createFrame(plot, span, width) {
  const [x, y] = [createScale([plot.x[0], plot.x.at(-1)], false), createScale(span, plot.log)];
  const [rows, columns] = [y.ticks(5), x.ticks(Math.min(Math.max(2, width / 90), plot.x.length - 1))];
  const left = 14 + (plot.ylabel ? 18 : 0) + 6.3 * Math.max(...rows.map((value) => told(value).length));
  const [right, top, bottom] = [width - 16, 8, HEIGHT - (plot.xlabel ? 36 : 20)];
  const atX = (value) => left + x.share(value) * (right - left);
  const atY = (share) => bottom - share * (bottom - top);
  const middle = (top + bottom) / 2;
  return {
    atX, atY, y, left, right, top, bottom,
    parts: [
      svg("path", { d: rows.map((value) => `M${left} ${atY(y.share(value))}H${right}`).join(""), class: "pm-lines" }),
      svg("path", { d: `M${left} ${top}V${bottom}H${right}${columns.map((value) => `M${atX(value)} ${bottom}v4`).join("")}`,
        class: "pm-axis" }),
      ...rows.map((value) => label(left - 6, atY(y.share(value)) + 4, told(value), "end")),
      ...columns.map((value) => label(atX(value), bottom + 16, told(value))),
      label((left + right) / 2, HEIGHT - 4, plot.xlabel, "middle", "pm-word"),
      svg("text", { transform: `translate(12 ${middle}) rotate(-90)`, "text-anchor": "middle", class: "pm-word" }, plot.ylabel),
    ],
  };
}

/** A line through values or shares; where one is null it is broken. */
function linePath(values, place) {
  let pen = "M";
  return values.map((value, index) => {
    if (value === null) { pen = "M"; return ""; }
    const [x, y] = place(value, index);
    const part = `${pen}${x.toFixed(1)} ${y.toFixed(1)}${pen === "M" ? "h0" : ""}`; // a value alone is a dot
    pen = "L";
    return part;
  }).join("");
}

/** Fill the gaps between knots by straight lines. */
function joinKnots(knots, places) {
  const curve = [...knots];
  let before = -1;
  knots.forEach((share, index) => {
    if (share === null) return;
    for (let i = before + 1; before >= 0 && i < index; i++) {
      curve[i] = knots[before] + ((places[i] - places[before]) / (places[index] - places[before])) * (share - knots[before]);
    }
    before = index;
  });
  return curve;
}

/** An empty plot to draw in. `changed(words)` is called after each stroke; `values()` is what was drawn, or null. */
function createSheet(plot, changed) {
  const places = plot.x;
  const y = createScale(plot.span, plot.log);
  let knots = places.map(() => null); // shares of the y axis; the pen leaves one at each x, the keys where they are used
  let frame;
  let cursor = 0;
  let last = null; // the index at which the pen was a moment ago
  const line = svg("path", { class: "pm-guess-line" });
  const cross = svg("g", { class: "pm-cursor", visibility: "hidden" }, svg("path"), svg("circle", { r: 4.5 }));
  const hint = svg("g", { class: "pm-hint" });
  const node = svg("svg", {
    class: "pm-plot pm-sheet", height: HEIGHT, tabindex: 0, role: "application", ...OWN_KEYS,
    "aria-label": "Draw your guess. Left and right arrow keys move along the x axis, up and down arrow keys draw there, "
      + "Delete takes a point away.",
    onpointerdown, onpointermove, onkeydown,
    onpointerup: () => { last = null; },
    onpointercancel: () => { last = null; },
    onfocus: () => showCursor(node.matches(":focus-visible")),
    onblur: () => showCursor(false),
  });
  const drawn = () => joinKnots(knots, places);

  function showCursor(visible) {
    cross.setAttribute("visibility", visible ? "visible" : "hidden");
  }
  function show() {
    const curve = drawn();
    line.setAttribute("d", linePath(curve, (share, index) => [frame.atX(places[index]), frame.atY(share)]));
    hint.setAttribute("visibility", knots.some((share) => share !== null) ? "hidden" : "visible");
    const [across, dot] = cross.children;
    across.setAttribute("d", `M${frame.atX(places[cursor])} ${frame.top}V${frame.bottom}`);
    dot.setAttribute("visibility", curve[cursor] === null ? "hidden" : "inherit");
    dot.setAttribute("cx", frame.atX(places[cursor]));
    dot.setAttribute("cy", frame.atY(curve[cursor] ?? 0));
    const there = curve[cursor] === null ? "nothing drawn" : `${told(y.at(curve[cursor]))} ${plot.ylabel}`.trim();
    changed(`${plot.xlabel || "x"} ${told(places[cursor])}: ${there}`);
  }
  function put(index, share) {
    knots[index] = Math.min(1, Math.max(0, share));
  }
  function stroke(event) {
    const box = node.getBoundingClientRect();
    const aim = places[0] + ((event.clientX - box.left - frame.left) / (frame.right - frame.left)) * (places.at(-1) - places[0]);
    const share = (frame.bottom - event.clientY + box.top) / (frame.bottom - frame.top);
    const after = places.findIndex((place) => place >= aim);
    const index = after < 0 ? places.length - 1
      : after > 0 && aim - places[after - 1] < places[after] - aim ? after - 1 : after;
    put(index, share);
    if (last !== null) { // the pointer may have skipped some
      const way = Math.sign(index - last);
      for (let i = last + way; i !== index && way; i += way) {
        put(i, knots[last] + ((places[i] - places[last]) / (places[index] - places[last])) * (knots[index] - knots[last]));
      }
    }
    last = cursor = index;
    show();
  }
  function onpointerdown(event) {
    if (event.button !== 0 || !frame) return;
    event.preventDefault(); // no text is selected, and the notebook does not take the focus
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    showCursor(false);
    stroke(event);
  }
  function onpointermove(event) {
    if (last !== null && event.buttons & 1) stroke(event);
  }
  function lift(by) {
    const nearest = knots.reduce((best, share, index) =>
      (share !== null && (best === null || Math.abs(index - cursor) < Math.abs(best - cursor)) ? index : best), null);
    put(cursor, (drawn()[cursor] ?? (nearest === null ? .5 : knots[nearest])) + by);
  }
  const move = (to) => { cursor = Math.min(places.length - 1, Math.max(0, to)); };
  const far = Math.max(1, Math.round(places.length / 10));
  const keys = {
    ArrowLeft: (event) => move(cursor - (event.shiftKey ? far : 1)),
    ArrowRight: (event) => move(cursor + (event.shiftKey ? far : 1)),
    Home: () => move(0),
    End: () => move(places.length - 1),
    ArrowUp: () => lift(STEP),
    ArrowDown: () => lift(-STEP),
    PageUp: () => lift(5 * STEP),
    PageDown: () => lift(-5 * STEP),
    Delete: () => { knots[cursor] = null; },
    Backspace: () => { knots[cursor] = null; },
  };
  function onkeydown(event) {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    action(event);
    show();
    showCursor(true);
  }
  const off = watchWidth(node, (width) => {
    frame = createFrame(plot, plot.span, width);
    const at = (frame.left + frame.right) / 2;
    const middle = (frame.top + frame.bottom) / 2;
    hint.replaceChildren(
      label(at, middle - 8, "Draw your guess here with the mouse, a finger or a pen."),
      label(at, middle + 10, "By keys: ← → move, ↑ ↓ draw, Shift ← → move further."));
    node.replaceChildren(...frame.parts, hint, line, cross);
    show();
  });
  return {
    node, off,
    values: () => (knots.some((share) => share !== null) ? drawn().map((share) => (share === null ? null : y.at(share))) : null),
    clear() {
      knots = places.map(() => null);
      show();
    },
  };
}

/** From which value to which a curve goes, in words. */
function ends(values) {
  const known = values.filter((value) => value !== null);
  return `goes from ${told(known[0])} to ${told(known.at(-1))}`;
}

/** A piece of a line with its mark, as in the plot. */
const sample = (name, mark) => svg("svg", { class: "pm-sample", width: 34, height: 14, "aria-hidden": "true" },
  svg("path", { d: "M2 7H32", class: name }),
  ...(mark ? [svg("path", { d: mark, transform: "translate(17 7)", class: `pm-mark ${name}` })] : []));

/** The answer's curves, the guess over them, and a legend. */
function createResult(plot, answers, guess) {
  const drawn = guess === null ? [] : guess.filter((value) => value !== null);
  const span = grown(plot.span, [...answers.flatMap(([, values]) => values), ...drawn]);
  const named = answers.map(([name, values], index) => [name || "Answer", values, `pm-curve pm-answer-${index}`,
    answers.length > 1 ? MARKS[index] : null]);
  const node = svg("svg", {
    class: "pm-plot", height: HEIGHT, role: "img",
    "aria-label": [...(guess === null ? [] : [`Your guess ${ends(guess)}`]),
      ...named.map(([name, values]) => `${name} ${ends(values)}`)].join(". "),
  });
  const off = watchWidth(node, (width) => {
    const frame = createFrame(plot, span, width);
    const place = (value, index) => [frame.atX(plot.x[index]), frame.atY(frame.y.share(value))];
    const every = Math.ceil(plot.x.length / 8);
    node.replaceChildren(...frame.parts,
      ...named.flatMap(([, values, kind, mark]) => [
        svg("path", { d: linePath(values, place), class: kind }),
        ...(mark ? values.map((value, index) => [value, index]).filter(([, index]) => index % every === 0) : []).map((point) =>
          svg("path", { d: mark, transform: `translate(${place(...point)})`, class: `pm-mark ${kind}` }))]),
      ...(guess === null ? [] : [svg("path", { d: linePath(guess, place), class: "pm-guess-line" })]));
  });
  const legend = html("div", { class: "pm-keys pm-told", tabindex: -1, ...OWN_KEYS },
    ...(guess === null ? [] : [html("span", {}, sample("pm-guess-line"), "your guess")]),
    ...named.map(([name, , kind, mark]) => html("span", {}, sample(kind, mark), name === "Answer" ? "answer" : name)));
  return { node, legend, off };
}

function render({ model, el }) {
  el.classList.add("pm");
  const plot = model.get("_plot");
  const body = html("div");
  const root = html("div", { class: "pm-guess", role: "group", "aria-label": "Guess" },
    html("p", { class: "pm-question" }, model.get("_question")), body);
  el.append(root);
  let off = () => {};

  function finish(name, value) {
    model.set(name, value);
    model.save_changes();
    body.querySelector(".pm-told").focus({ preventScroll: true }); // the button that was pressed is gone
  }
  const button = (name, onclick, attributes = {}) =>
    html("button", { type: "button", class: "pm-button", onclick, ...OWN_KEYS, ...attributes }, name);
  const skip = () => button("Skip", () => finish("_skipped", true));

  function askNumber() {
    const note = html("span", { role: "status" });
    function commit() {
      if (input.value !== "" && (!plot.log || +input.value > 0)) finish("value", +input.value);
      else write(note, plot.log ? "A number above 0 is needed." : "A number is needed.");
    }
    const input = html("input", {
      type: "number", step: "any", class: "pm-entry", "aria-label": "Your guess, a number", ...OWN_KEYS,
      onkeydown: (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.shiftKey) commit(); },
    });
    body.replaceChildren(html("div", { class: "pm-row" }, input, button("Commit", commit, MAIN), skip(), note));
    return () => {};
  }
  function askCurve() {
    const note = html("span", { role: "status" });
    const go = button("Commit", () => finish("value", sheet.values()), MAIN);
    const clear = button("Clear", () => {
      sheet.clear();
      sheet.node.focus();
    });
    const sheet = createSheet(plot, (words) => {
      go.disabled = clear.disabled = sheet.values() === null;
      write(note, words);
    });
    go.disabled = clear.disabled = true;
    body.replaceChildren(sheet.node, html("div", { class: "pm-row" }, go, skip(), clear, note));
    return sheet.off;
  }
  function showNumber(value) {
    const answer = model.get("_answers")[0][1][0];
    const line = createLine(plot, answer, value);
    const words = value === null ? `It is ${told(answer)}.` : `You said ${told(value)}, it is ${told(answer)}.`;
    body.replaceChildren(html("p", { class: "pm-told", role: "status", tabindex: -1, ...OWN_KEYS }, words), line.node);
    return line.off;
  }
  function showCurve(value) {
    const result = createResult(plot, model.get("_answers"), value);
    body.replaceChildren(result.node, result.legend);
    return result.off;
  }
  function show() {
    off();
    const value = model.get("value");
    const shown = value !== null || model.get("_skipped");
    root.dataset.shown = shown;
    if (shown) off = (plot.x ? showCurve : showNumber)(value);
    else off = (plot.x ? askCurve : askNumber)();
  }
  show();
  const names = ["value", "_skipped"];
  names.forEach((name) => model.on(`change:${name}`, show));
  return () => {
    off();
    names.forEach((name) => model.off(`change:${name}`, show));
    root.remove();
  };
}

export default { render };
