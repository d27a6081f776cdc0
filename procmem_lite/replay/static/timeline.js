// The timeline: who was in control at every step, where facts changed, and where a skill failed.
import { html } from "./dom.js";
import { HUES } from "./palette.js";

/** The classes of a skill's colour: every hue, then the same again with stripes, then with dots. */
export const skillClass = (skill) => `pm-skill pm-hue-${skill % HUES} pm-texture-${Math.floor(skill / HUES) % 3}`;

function words(episode, [invocation, start, stop]) {
  const steps = stop - start === 1 ? `Step ${stop}` : `Steps ${start + 1}–${stop}`;
  if (invocation < 0) return `${steps}: exploring`;
  const used = episode.invocations[invocation];
  return `${steps}: ${episode.skills[used.skill]}` + (used.ok ? "" : `, failed (${used.reason})`);
}

/** A timeline on a scale of `last` steps, with `most` skills in its legend; a click calls `jump(step)`. */
export function createTimeline(episode, last, jump, most) {
  const share = (steps) => `${(100 * steps) / last}%`;
  const bands = episode.runs.map((run) => {
    const [invocation, start, stop] = run;
    const colour = invocation < 0 ? "pm-exploring" : skillClass(episode.invocations[invocation].skill);
    return html("i", {
      class: `pm-band ${colour}`, title: words(episode, run), style: `left:${share(start)};width:${share(stop - start)}`,
    });
  });
  const failures = episode.invocations.filter((used) => !used.ok).map((used) => html("i", {
    class: "pm-failure", title: `${episode.skills[used.skill]} failed at step ${used.stop}: ${used.reason}`,
    style: `left:${share(Math.max(used.start, used.stop - 1))};width:${share(Math.min(1, used.stop - used.start))}`,
  }, html("b", {}, "✕")));
  const changes = [];
  for (let frame = 1; frame < episode.fact.length; frame++) {
    if (episode.fact[frame] === episode.fact[frame - 1]) continue;
    const before = episode.facts[episode.fact[frame - 1]];
    const gained = episode.facts[episode.fact[frame]].filter((fact) => !before.includes(fact));
    if (gained.length) changes.push(html("i", {
      class: "pm-change", style: `left:${share(frame)}`, title: `Step ${frame}: ${gained.join(", ")}`,
    }));
  }
  const head = html("i", { class: "pm-head-line" });
  const bar = html("div", { class: "pm-bar" },
    html("i", { class: "pm-after", style: `left:${share(episode.action.length)}` }), ...bands, ...failures, head);
  const strip = html("div", {
    class: "pm-timeline", role: "img",
    "aria-label": `Timeline. ${episode.runs.slice(0, 20).map((run) => words(episode, run)).join("; ")}`,
    onpointerdown: (event) => {
      strip.setPointerCapture(event.pointerId);
      seek(event);
    },
    onpointermove: (event) => {
      if (event.buttons) seek(event);
    },
  }, html("div", { class: "pm-changes" }, ...changes), bar);
  function seek(event) {
    const { left, width } = bar.getBoundingClientRect();
    jump(Math.min(episode.action.length, Math.ceil(((event.clientX - left) / width) * last)));
  }

  const used = [...new Set(episode.invocations.map((invocation) => invocation.skill))];
  const legend = html("div", { class: "pm-legend" },
    html("span", {}, html("i", { class: "pm-swatch pm-exploring" }), "exploring"),
    ...used.slice(0, most).map((skill) =>
      html("span", {}, html("i", { class: `pm-swatch ${skillClass(skill)}` }), episode.skills[skill])),
    ...(used.length > most ? [html("span", { class: "pm-quiet" }, `and ${used.length - most} more skills`)] : []),
    ...(failures.length ? [html("span", {}, html("i", { class: "pm-swatch pm-failure" }, html("b", {}, "✕")), "failed")] : []));

  return {
    node: html("div", {}, strip, legend),
    show(frame) {
      head.style.left = share(frame);
    },
  };
}
