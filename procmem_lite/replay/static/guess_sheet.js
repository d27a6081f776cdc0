// The sheet on which a curve is drawn, with the pointer or with keys.
import { svg } from "./dom.js";
import { HEIGHT, createFrame, createScale, label, linePath, told, watchWidth } from "./guess_axes.js";

const STEP = 1 / 40; // of the y axis, for one press of an arrow key

// Without it on the very element that has the focus, JupyterLab takes "d d" for deleting the cell.
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

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
export function createSheet(plot, changed) {
  const places = plot.x;
  const y = createScale(plot.span, plot.log);
  let knots = places.map(() => null); // shares of the y axis; the pen leaves one at each x, the keys where they are used
  let frame;
  let cursor = 0;
  let last = null; // the index at which the pen was a moment ago
  const line = svg("path", { class: "pm-guess-line" });
  const cross = svg("g", { class: "pm-cursor", visibility: "hidden" }, svg("path"), svg("circle", { r: 4.5 }));
  const hint = svg("g");
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
  const empty = () => knots.every((share) => share === null);

  function showCursor(visible) {
    cross.setAttribute("visibility", visible ? "visible" : "hidden");
  }
  function show() {
    const curve = drawn();
    line.setAttribute("d", linePath(curve, (share, index) => [frame.atX(places[index]), frame.atY(share)]));
    hint.setAttribute("visibility", empty() ? "visible" : "hidden");
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
    const across = (event.clientX - box.left - frame.left) / (frame.right - frame.left);
    const aim = places[0] + across * (places.at(-1) - places[0]);
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
    values: () => (empty() ? null : drawn().map((share) => (share === null ? null : y.at(share)))),
    clear() {
      knots = places.map(() => null);
      show();
    },
  };
}
