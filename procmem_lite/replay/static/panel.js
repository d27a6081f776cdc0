// The panel: what was done at a step, what came of it, and why the skill in control was chosen.
import { html, number, score, write } from "./dom.js";
import { skillClass } from "./timeline.js";

const ARROWS = { up: "↑", down: "↓", left: "←", right: "→" };
const TURNS = { left: "↺", right: "↻", forward: "↑" };
const REASONS = {
  effect: "the effect appeared", blocked: "a step changed nothing", surprise: "facts changed otherwise than expected",
  "no path": "no path to the site is known", "no effect": "the effect did not appear", lost: "it lost its place on its map",
  vetoed: "its next action is known to do harm here", "episode over": "the episode ended",
};

/** Why a skill in control ended, in words. */
export const reasonWords = (reason) => REASONS[reason] ?? reason;

/** An action in words, with an arrow where it moves; an agent with a heading turns left, others go there. */
export function actionWords(episode, action) {
  const name = episode.actions?.[action] ?? `action ${action}`;
  return `${(episode.heading ? TURNS : ARROWS)[name] ?? ""} ${name.replaceAll("_", " ")}`.trim();
}

/** Why a skill was chosen: a stored sequence by its context; whatever else, because its operator comes first in the plan. */
function choiceWords(used) {
  if (!used.stored) return `goes to the site: path found anew, nothing retrieved; success rate ${number(used.rate)}`;
  const others = used.others.map(([name, value]) => `${name} ${score(value)}`).join(", ");
  return `similarity ${score(used.similarity)} × success rate ${number(used.rate)} = `
    + score(used.similarity * used.rate) + (others ? `; next best: ${others}` : "; no other applied");
}

const signed = (value) => (value > 0 ? "+" : "") + number(value);

/** The panel of one episode. `show(frame)` fills it in. */
export function createPanel(episode) {
  const returns = [0];
  for (const reward of episode.reward) returns.push(returns.at(-1) + episode.rewards[reward]);
  const control = episode.runs.flatMap(([invocation, start, stop]) => Array(stop - start).fill(invocation));

  const cell = () => html("dd");
  const [action, reward, sum, facts, inControl, why, expected] = Array.from({ length: 7 }, cell);
  const chip = html("span", { class: "pm-chip" });
  const swatch = html("i", { class: "pm-swatch" });
  const holder = html("span");
  chip.append(swatch, holder);
  inControl.append(chip);
  const row = (name, value, wide) => html("div", { class: wide ? "pm-wide" : "" }, html("dt", {}, name), value);
  const node = html("dl", { class: "pm-panel" },
    row("Action", action), row("Reward", reward), row("Return so far", sum), row("Facts", facts, true),
    row("In control", inControl, true), row("Why this skill", why, true), row("It expected", expected, true));

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
    write(why, choiceWords(used));
    const over = frame >= used.stop;
    const outcome = over ? ` ${used.ok ? "✓" : "✕"} ${reasonWords(used.reason)}` : "";
    write(expected, used.expected.join(", ") + outcome);
    expected.classList.toggle("pm-bad", over && !used.ok);
    expected.classList.toggle("pm-good", over && used.ok);
  }

  function show(frame) {
    showFacts(frame);
    write(sum, number(returns[frame]));
    const step = frame - 1;
    const index = step < 0 ? -1 : control[step];
    write(action, step < 0 ? "start" : actionWords(episode, episode.action[step]));
    write(reward, step < 0 ? "–" : signed(episode.rewards[episode.reward[step]]));
    if (index >= 0) return showSkill(episode.invocations[index], frame);
    expected.classList.remove("pm-bad", "pm-good");
    write(holder, step < 0 ? "nothing yet" : "exploring");
    swatch.className = "pm-swatch pm-exploring";
    // A skill that finds no path gives up before its first step, and the explorer takes over.
    const gaveUp = episode.invocations.filter((used) => used.start === used.stop && used.start === step).at(-1);
    write(why, gaveUp ? `${episode.skills[gaveUp.skill]} gave up at once: ${reasonWords(gaveUp.reason)}` : "–");
    write(expected, "–");
  }

  return { node, show };
}
