// The axes of a guess: where values lie, what is marked, and lines through values.
import { svg } from "./dom.js";

export const HEIGHT = 170; // of a plot, in pixels

/** A number as it is said: whole ones in full, others with four digits. */
export const told = (value) => (Number.isInteger(value) ? value : +value.toPrecision(4))
  .toLocaleString("en", { maximumFractionDigits: 12 }).replace("-", "−");

/** Between `low` and `high`: where a value lies as a share of the way, the value at a share, and values to mark. */
export function createScale([low, high], log) {
  const to = log ? Math.log10 : (value) => value;
  const [a, b] = [to(low), to(high)];
  const grain = 10 ** Math.floor(Math.log10((high - low) / 100)); // no finer than a hand draws
  function linear(most) {
    const power = 10 ** Math.floor(Math.log10((high - low) / most));
    const step = [1, 2, 5, 10].map((m) => m * power).find((size) => (high - low) / size <= most);
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => +((first + i) * step).toPrecision(12));
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
export const grown = ([low, high], values) => [Math.min(low, ...values), Math.max(high, ...values)];

/** Runs `draw(width)` whenever the width of `node` has changed. */
export function watchWidth(node, draw) {
  const observer = new ResizeObserver(() => { if (node.clientWidth) draw(node.clientWidth); });
  observer.observe(node);
  return () => observer.disconnect();
}

export const label = (x, y, text, anchor = "middle", name = "pm-tick") =>
  svg("text", { x, y, "text-anchor": anchor, class: name }, text);

/** The axes of a curve in a plot of some width, and where on it x values and shares of the y axis lie. */
export function createFrame(plot, span, width) {
  const [x, y] = [createScale([plot.x[0], plot.x.at(-1)], false), createScale(span, plot.log)];
  const [rows, columns] = [y.ticks(5), x.ticks(Math.min(Math.max(2, width / 90), plot.x.length - 1))];
  const left = 14 + (plot.ylabel ? 18 : 0) + 6.3 * Math.max(...rows.map((value) => told(value).length));
  const [right, top, bottom] = [width - 16, 8, HEIGHT - (plot.xlabel ? 36 : 20)];
  const atX = (value) => left + x.share(value) * (right - left);
  const atY = (share) => bottom - share * (bottom - top);
  return {
    atX, atY, y, left, right, top, bottom,
    parts: [
      svg("path", { d: rows.map((value) => `M${left} ${atY(y.share(value))}H${right}`).join(""), class: "pm-lines" }),
      svg("path", { d: `M${left} ${top}V${bottom}H${right}${columns.map((value) => `M${atX(value)} ${bottom}v4`).join("")}`,
        class: "pm-axis" }),
      ...rows.map((value) => label(left - 6, atY(y.share(value)) + 4, told(value), "end")),
      ...columns.map((value) => label(atX(value), bottom + 16, told(value))),
      label((left + right) / 2, HEIGHT - 4, plot.xlabel, "middle", "pm-word"),
      svg("g", { transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)` }, label(0, 0, plot.ylabel, "middle", "pm-word")),
    ],
  };
}

/** A line through values or shares; where one is null it is broken. */
export function linePath(values, place) {
  let pen = "M";
  return values.map((value, index) => {
    if (value === null) { pen = "M"; return ""; }
    const [x, y] = place(value, index);
    const part = `${pen}${x.toFixed(1)} ${y.toFixed(1)}${pen === "M" ? "h0" : ""}`; // a value alone is a dot
    pen = "L";
    return part;
  }).join("");
}
