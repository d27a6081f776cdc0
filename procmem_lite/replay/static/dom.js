// Small helpers shared by the widgets: elements, numbers, and where a widget's state lives.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An HTML element; attributes named "onclick" and the like are listeners. */
export const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const ICONS = {
  play: "M5 3L13 8L5 13Z", pause: "M4 3H7V13H4ZM9 3H12V13H9Z",
  back: "M10 3V13L4 8Z", on: "M6 3V13L12 8Z", first: "M3 3H5V13H3ZM13 3V13L6 8Z", last: "M11 3H13V13H11ZM3 3V13L10 8Z",
};

/** Give a button another icon and name; the name is its tooltip, and what screen readers say. */
export function dress(button, icon, name) {
  button.firstChild.firstChild.setAttribute("d", ICONS[icon]);
  button.setAttribute("aria-label", name);
  button.title = name;
}

/** A button with an icon. */
export function iconButton(icon, name, onclick) {
  const picture = svg("svg", { viewBox: "0 0 16 16", class: "pm-icon", "aria-hidden": "true" }, svg("path"));
  const button = html("button", { type: "button", class: "pm-button", onclick }, picture);
  dress(button, icon, name);
  return button;
}

/** A number with a true minus sign and at most `digits` decimals. */
export const number = (value, digits = 2) => String(+value.toFixed(digits)).replace("-", "−");

/** A similarity or a score: two decimals, or two digits where it is small. */
export const score = (value) => (value >= 0.1 || value === 0 ? number(value) : number(+value.toPrecision(2), 6));

/** "1 step", "2 steps". */
export const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** Text is written only where it changed: an untouched node costs no layout. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Whether the reader asked the system for less motion. */
export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Says so on the page once the kernel is gone to which a widget speaks. Returns what ends the watch. */
export function watchKernel(model, el) {
  const gone = () => el.classList.add("pm-gone");
  model.on("comm_live_update", gone);
  return () => model.off("comm_live_update", gone);
}

/** State that lives in the kernel's widget model. While a replay plays, the kernel hears of it four times a second. */
export function modelState(model) {
  let sent = 0;
  return {
    get: (name) => model.get(name),
    set(name, value) {
      if (model.get(name) === value) return;
      model.set(name, value);
      const now = performance.now();
      if (name !== "step" || !model.get("playing") || now - sent > 250) {
        sent = now;
        model.save_changes();
      }
    },
    on(name, listener) {
      model.on(`change:${name}`, listener);
      return () => model.off(`change:${name}`, listener);
    },
  };
}

/** The same for a replay inside another widget, of which the kernel need not know. */
export function localState(values) {
  const listeners = {};
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const listener of listeners[name] ?? []) listener();
    },
    on(name, listener) {
      (listeners[name] ??= new Set()).add(listener);
      return () => listeners[name].delete(listener);
    },
  };
}
