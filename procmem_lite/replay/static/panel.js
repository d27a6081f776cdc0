// The panel: what was done at a step, what came of it, and why the skill in control was chosen.
import { html, number, write } from "./dom.js";
import { skillClass } from "./timeline.js";

const ARROWS = { up: "↑", down: "↓", left: "←", right: "→", forward: "↑", "turn left": "↺", "turn right": "↻" };
const REASONS = {
  effect: "the effect appeared", blocked: "a step was blocked", surprise: "a step went otherwise than predicted",
  "no way": "no way to follow it", "episode over": "the episode ended",
};

const signed = (value) => (value > 0 ? "+" : "") + number(value);

/** The panel of one episode. `show(frame)` fills it in. */
export function createPanel(episode) {
  const returns = [0];
  for (const reward of episode.reward) returns.push(returns.at(-1) + reward);

  const cell = () => html("dd");
  const [action, reward, sum, facts, control, why, expected] = Array.from({ length: 7 }, cell);
  const chip = html("span", { class: "pm-chip" });
  const swatch = html("i", { class: "pm-swatch" });
  const holder = html("span");
  chip.append(swatch, holder);
  control.append(chip);
  const row = (name, value, wide) => html("div", { class: wide ? "pm-wide" : "" }, html("dt", {}, name), value);
  const node = html("dl", { class: "pm-panel" },
    row("Action", action), row("Reward", reward), row("Return so far", sum), row("Facts", facts, true),
    row("In control", control, true), row("Why this skill", why, true), row("It expected", expected, true));

  function showFacts(frame) {
    const now = episode.facts[episode.fact[frame]];
    const before = episode.facts[episode.fact[Math.max(0, frame - 1)]];
    const key = now.join() + "|" + before.join();
    if (facts.dataset.key === key) return;
    facts.dataset.key = key;
    const chips = [
      ...now.map((fact) => html("span", { class: before.includes(fact) ? "pm-chip" : "pm-chip pm-new" },
        before.includes(fact) ? fact : `+ ${fact}`)),
      ...before.filter((fact) => !now.includes(fact)).map((fact) => html("span", { class: "pm-chip pm-gone" }, `− ${fact}`)),
    ];
    facts.replaceChildren(...(chips.length ? chips : [html("span", { class: "pm-quiet" }, "none yet")]));
  }

  function showSkill(used, frame) {
    write(holder, episode.skills[used.skill]);
    swatch.className = `pm-swatch ${skillClass(used.skill)}`;
    const others = used.others.map(([name, score]) => `${name} ${number(score)}`).join(", ");
    write(why, `similarity ${number(used.similarity)} × success rate ${number(used.rate)} = `
      + number(used.similarity * used.rate) + (others ? `; next best: ${others}` : "; no other applied"));
    const over = frame >= used.stop;
    const outcome = over ? ` ${used.ok ? "✓" : "✕"} ${REASONS[used.reason] ?? used.reason}` : "";
    write(expected, used.expected.join(", ") + outcome);
    expected.classList.toggle("pm-bad", over && !used.ok);
    expected.classList.toggle("pm-good", over && used.ok);
  }

  function show(frame) {
    showFacts(frame);
    write(sum, number(returns[frame]));
    const step = frame - 1;
    const index = step < 0 ? -1 : episode.control[step];
    const name = step < 0 ? null : (episode.actions?.[episode.action[step]] ?? `action ${episode.action[step]}`);
    write(action, name === null ? "start" : `${ARROWS[name] ?? ""} ${name.replaceAll("_", " ")}`.trim());
    write(reward, step < 0 ? "–" : signed(episode.reward[step]));
    if (index >= 0) return showSkill(episode.invocations[index], frame);
    expected.classList.remove("pm-bad", "pm-good");
    write(holder, step < 0 ? "nothing yet" : "exploring");
    swatch.className = "pm-swatch pm-exploring";
    write(why, "–");
    write(expected, "–");
  }

  return { node, show };
}
