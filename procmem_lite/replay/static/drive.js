// Drive: the reader acts, the kernel answers with the episode so far.
import { count, html, number, watchKernel, write } from "./dom.js";
import { actionWords } from "./panel.js";
import { createScene } from "./scene.js";

const KEY_NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

function render({ model, el }) {
  el.classList.add("pm");
  const forget = watchKernel(model, el);
  const send = (message) => model.send(message);
  const act = (action) => { if (!model.get("_over")) send({ act: action }); };

  const buttons = model.get("_buttons").map(([, key], action) => html("button", {
    type: "button", class: "pm-button pm-action", onclick: () => act(action),
  }, html("span"), html("kbd", {}, KEY_NAMES[key] ?? key)));
  const teach = html("button", { type: "button", class: "pm-button pm-main", onclick: () => send({ teach: true }) },
    "Teach the agent");
  const again = html("button", { type: "button", class: "pm-button", onclick: () => send({ restart: 0 }) },
    "Start over ", html("kbd", {}, "r"));
  const next = html("button", { type: "button", class: "pm-button", onclick: () => send({ restart: 1 }) },
    "Next layout ", html("kbd", {}, "n"));
  const picture = html("div");
  const [steps, reward, sum] = Array.from({ length: 3 }, () => html("dd"));
  const facts = html("dd");
  const library = html("dd");
  const note = html("p", { class: "pm-note", role: "status" });
  const row = (name, value, wide) => html("div", { class: wide ? "pm-wide" : "" }, html("dt", {}, name), value);
  const hasAgent = model.get("library_size") !== null;

  const keys = { r: () => send({ restart: 0 }), n: () => send({ restart: 1 }) };
  model.get("_buttons").forEach(([, key], action) => { keys[key] = () => act(action); });
  function onkeydown(event) {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
  const root = html("div", {
    class: "pm-player pm-drive", tabindex: 0, role: "group", onkeydown, "data-lm-suppress-shortcuts": "true",
    "aria-label": "Play the environment. Click here or tab here, then use the keys shown on the buttons.",
  }, html("div", { class: "pm-view" }, picture, html("div", { class: "pm-side" },
    html("dl", { class: "pm-panel" }, row("Steps", steps), row("Last reward", reward), row("Return so far", sum),
      row("Facts", facts, true), ...(hasAgent ? [row("The agent's library", library, true)] : [])),
    html("div", { class: "pm-actions", role: "group", "aria-label": "Actions" }, ...buttons),
    note,
    html("div", { class: "pm-actions" }, ...(hasAgent ? [teach] : []), again, next))));
  el.append(root);

  let scene;
  let shown;
  function showRecord() {
    const record = model.get("_record");
    const frame = record.action.length;
    if (frame === shown + 1) scene.extend(record);
    else {
      scene = createScene(record);
      picture.replaceChildren(scene.node);
    }
    shown = frame;
    scene.show(frame);
    root.dataset.step = frame;
    buttons.forEach((button, action) => {
      write(button.firstChild, actionWords(record, action).replace(/^\W+ /, "")); // the key says the arrow already
    });
    const rewards = record.reward.map((index) => record.rewards[index]);
    write(steps, record.optimal == null ? String(frame) : `${frame} (shortest path ${record.optimal})`);
    write(reward, frame ? number(rewards[frame - 1]) : "–");
    write(sum, number(rewards.reduce((a, b) => a + b, 0)));
    const now = record.facts[record.fact[frame]];
    const before = record.facts[record.fact[Math.max(0, frame - 1)]];
    facts.replaceChildren(...(now.length ? now.map((fact) =>
      html("span", { class: before.includes(fact) ? "pm-chip" : "pm-chip pm-new" }, fact)) : ["none yet"]));
  }
  function showState() {
    for (const button of buttons) button.disabled = model.get("_over");
    teach.disabled = !model.get("_can_teach");
    write(note, model.get("_note"));
    if (hasAgent) write(library, count(model.get("library_size"), "skill"));
  }
  showRecord();
  showState();
  root.style.setProperty("--pm-glide", "90ms");
  const names = ["_over", "_note", "_can_teach", "library_size"];
  model.on("change:_record", showRecord);
  names.forEach((name) => model.on(`change:${name}`, showState));
  return () => {
    forget();
    model.off("change:_record", showRecord);
    names.forEach((name) => model.off(`change:${name}`, showState));
  };
}

export default { render };
