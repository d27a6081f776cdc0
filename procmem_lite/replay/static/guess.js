// Guess: the reader commits to a number or draws a curve; the answer is put on the page only after that.
import { html, svg, write } from "./dom.js";
import { HEIGHT, createFrame, createScale, grown, label, linePath, told, watchWidth } from "./guess_axes.js";
import { OWN_KEYS, createSheet } from "./guess_sheet.js";

// A shape for each answer: colour is never the only difference.
const MARKS = ["M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z", "M-4-4H4V4H-4Z", "M0-5L5 4H-5Z", "M0-5.5L5.5 0L0 5.5L-5.5 0Z"];

const MAIN = { class: "pm-button pm-main" };

/** Ends of a line of numbers: from 0, or between powers of ten. */
function around(values, log) {
  if (!log) {
    const [low, high] = grown([0, 0], values);
    return low === high ? [-1, 1] : [low + Math.min(0, low) * .1, high + Math.max(0, high) * .1];
  }
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

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
        ...values.map(place).filter((_, index) => mark && index % every === 0).map((point) =>
          svg("path", { d: mark, transform: `translate(${point})`, class: `pm-mark ${kind}` }))]),
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
