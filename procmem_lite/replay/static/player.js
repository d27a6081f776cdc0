// The player: scenes side by side on one clock, a timeline and a panel for each, and the controls.
import { count, dress, html, iconButton, number, prefersStill } from "./dom.js";
import { createPanel } from "./panel.js";
import { createScene } from "./scene.js";
import { createTimeline } from "./timeline.js";

const FASTEST = 60;

/** How many steps the longest of some episodes has. */
export const lastStep = (episodes) => Math.max(...episodes.map((episode) => episode.action.length));

let byHand = false; // whether the reader is pressing play at this moment

/** Advances `state.step` while `state.playing`, one step at a time and never two in one frame: none is skipped. */
export function startClock(state, last) {
  let request = 0;
  let due = 0;
  function tick(now) {
    if (!state.get("playing")) return;
    const interval = 1000 / state.get("fps");
    if (now >= due - 4) { // a screen's frames come a little early or late
      due = Math.max(due + interval, now);
      state.set("step", Math.min(last, state.get("step") + 1));
    }
    if (state.get("step") >= last) state.set("playing", false);
    else request = requestAnimationFrame(tick);
  }
  function start() {
    cancelAnimationFrame(request);
    if (!state.get("playing")) return;
    // Nothing moves by itself for a reader who asked for less motion; the play button still does as it is told.
    if (prefersStill() && !byHand) {
      // Not at once: a model that is being changed by its kernel would not tell the kernel of a change back.
      setTimeout(() => state.set("playing", false));
      return;
    }
    if (state.get("step") >= last) state.set("step", 0);
    due = performance.now() + 1000 / state.get("fps");
    request = requestAnimationFrame(tick);
  }
  const off = state.on("playing", start);
  start();
  return () => { off(); cancelAnimationFrame(request); };
}

/** Build the player for one or more episodes into `root`. Returns what takes it down again. */
export function mountPlayer(root, episodes, state) {
  const last = lastStep(episodes);
  const go = (step) => state.set("step", Math.max(0, Math.min(last, step)));
  const pause = () => state.set("playing", false);
  const jump = (step) => { pause(); go(step); };
  function toggle() {
    byHand = true;
    state.set("playing", !state.get("playing"));
    byHand = false;
  }

  const tracks = episodes.map((episode) => {
    const scene = createScene(episode);
    const timeline = createTimeline(episode, last, jump, episodes.length > 1 ? 3 : 8);
    const panel = createPanel(episode);
    // A part of an episode is neither a success nor a failure.
    const outcome = count(episode.action.length, "step")
      + (episode.success == null ? "" : episode.success ? ", goal reached" : ", goal not reached")
      + (episode.optimal == null ? "" : `, shortest path ${episode.optimal}`);
    const node = html("section", { class: "pm-track", "aria-label": episode.label || "Episode" },
      html("header", { class: "pm-head" },
        ...(episode.label ? [html("strong", {}, episode.label)] : []), html("span", { class: "pm-quiet" }, outcome)),
      html("div", { class: "pm-view" }, scene.node, panel.node), timeline.node);
    return { node, show: (step) => {
      const frame = Math.min(step, episode.action.length);
      scene.show(frame);
      timeline.show(frame);
      panel.show(frame);
    } };
  });

  const play = iconButton("play", "Play (space)", toggle);
  play.classList.add("pm-play");
  const slider = html("input", {
    type: "range", class: "pm-slider", min: 0, max: last, step: 1, "aria-label": "Step",
    oninput: () => jump(+slider.value),
  });
  const place = html("output", { class: "pm-place" });
  const speed = html("input", {
    type: "range", class: "pm-speed", min: 1, max: FASTEST, step: 1, "aria-label": "Speed, steps a second",
    oninput: () => state.set("fps", +speed.value),
  });
  const pace = html("output", { class: "pm-pace" });
  const controls = html("div", { class: "pm-controls", role: "group", "aria-label": "Playback" },
    iconButton("first", "To the start (Home)", () => jump(0)),
    iconButton("back", "One step back (left arrow)", () => jump(state.get("step") - 1)),
    play,
    iconButton("on", "One step on (right arrow)", () => jump(state.get("step") + 1)),
    iconButton("last", "To the end (End)", () => jump(last)),
    slider, place, html("label", { class: "pm-rate" }, speed, pace));

  const keys = {
    " ": toggle,
    ArrowLeft: () => jump(state.get("step") - 1),
    ArrowRight: () => jump(state.get("step") + 1),
    Home: () => jump(0),
    End: () => jump(last),
  };
  function onkeydown(event) {
    const action = keys[event.key];
    const native = event.target === speed || (event.key === " " && event.target.tagName === "BUTTON");
    if (!action || native || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
  const board = html("div", {
    class: "pm-player", tabindex: 0, role: "group", onkeydown,
    "aria-label": "Episode replay. Space plays and pauses, arrow keys step, Home and End jump.",
    // JupyterLab would take the arrow keys for moving between cells.
    "data-lm-suppress-shortcuts": "true",
  }, html("div", { class: `pm-tracks pm-tracks-${episodes.length}` }, ...tracks.map((track) => track.node)), controls);
  root.append(board);

  function show() {
    const step = state.get("step");
    for (const track of tracks) track.show(step);
    slider.value = step;
    slider.setAttribute("aria-valuetext", `step ${step} of ${last}`);
    slider.style.setProperty("--pm-done", `${(100 * step) / last}%`);
    place.textContent = `${step} / ${last}`;
    board.dataset.step = step;
  }
  function showPlaying() {
    const playing = state.get("playing");
    dress(play, playing ? "pause" : "play", playing ? "Pause (space)" : "Play (space)");
    board.dataset.playing = playing;
  }
  function showPace() {
    speed.value = state.get("fps");
    pace.textContent = `${number(state.get("fps"))} / s`;
    speed.setAttribute("aria-valuetext", `${state.get("fps")} steps a second`);
    // The agent glides between cells, unless steps come faster than the eye follows.
    board.style.setProperty("--pm-glide", state.get("fps") > 15 ? "0ms" : `${Math.min(140, 700 / state.get("fps"))}ms`);
  }
  show();
  showPlaying();
  showPace();
  const offs = [state.on("step", show), state.on("playing", showPlaying), state.on("fps", showPace)];
  return () => { offs.forEach((off) => off()); board.remove(); };
}
