// The curve of a training run: a dot for each episode, the moving average, and that of the run before.
import { html, svg } from "./dom.js";
import { HEIGHT, createFrame, linePath, watchWidth } from "./guess_axes.js";

const NAMES = { each: "each episode", mean: "mean of 10", earlier: "the run before" };

/** ipywidgets gives its sliders no name that a screen reader could say. */
function nameSliders(form) {
  for (const slider of form?.querySelectorAll(".widget-slider") ?? []) {
    const name = slider.querySelector(".widget-label")?.textContent;
    for (const handle of slider.querySelectorAll("[role=slider]")) handle.setAttribute("aria-label", name);
  }
}

const sample = (kind) => svg("svg", { class: "pm-sample", width: 26, height: 14, "aria-hidden": "true" },
  kind === "each" ? svg("circle", { cx: 13, cy: 7, r: 2.5, class: "pm-each" }) : svg("path", { d: "M2 7H24", class: `pm-${kind}` }));

function render({ model, el }) {
  el.classList.add("pm");
  let redraw = () => {};
  const body = html("div");
  const off = watchWidth(el, (width) => {
    nameSliders(el.closest(".pm-explorer"));
    redraw(width);
  });
  el.append(body);
  function show() {
    const lines = model.get("_lines");
    const last = Math.max(2, ...Object.values(lines).map((values) => values.length));
    const plot = { x: [1, last], xlabel: "episode", ylabel: "optimality ratio", log: false };
    if (!lines.each) return body.replaceChildren();
    const picture = svg("svg", { class: "pm-plot", height: HEIGHT, role: "img", "aria-label": model.get("_title") });
    redraw = (width) => {
      plot.x = Array.from({ length: last }, (_, index) => index + 1);
      const frame = createFrame(plot, [0, 1.05], width);
      const place = (value, index) => [frame.atX(index + 1), frame.atY(frame.y.share(value))];
      const line = (kind) => (lines[kind] ? [svg("path", { d: linePath(lines[kind], place), class: `pm-${kind}` })] : []);
      picture.replaceChildren(...frame.parts, ...line("earlier"),
        ...lines.each.map(place).map(([cx, cy]) => svg("circle", { cx, cy, r: 2.5, class: "pm-each" })), ...line("mean"));
    };
    body.replaceChildren(html("p", { class: "pm-question" }, model.get("_title")), picture,
      html("div", { class: "pm-keys" }, ...Object.keys(NAMES).filter((kind) => lines[kind]).map((kind) =>
        html("span", {}, sample(kind), NAMES[kind]))));
    if (el.clientWidth) redraw(el.clientWidth);
  }
  show();
  model.on("change:_lines", show);
  return () => {
    off();
    model.off("change:_lines", show);
  };
}

export default { render };
