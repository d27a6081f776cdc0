// Replay: one or more episodes on one clock.
import { modelState } from "./dom.js";
import { lastStep, mountPlayer, startClock } from "./player.js";

export default {
  // One clock a model, however many views of it are open.
  initialize({ model }) {
    return startClock(modelState(model), lastStep(model.get("_episodes")));
  },
  render({ model, el }) {
    el.classList.add("pm");
    return mountPlayer(el, model.get("_episodes"), modelState(model));
  },
};
