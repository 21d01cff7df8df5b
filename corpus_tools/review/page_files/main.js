const decisions = new Decisions(data.source);
const outline = new Outline();
const painter = new Painter(outline);
const stage = new Stage(painter, decisions);
const trim = new Trim(decisions);
const sound = new Sound(byId("audio"), data.pieces);
const actions = { select, play, before, playFrom, decide };
const cards = new Cards(painter, decisions, actions);
const CONTEXT = 5;
let current = null;
let filter = "all";

function select(clip, { listen = byId("listen").checked } = {}) {
  if (!clip) return;
  const before = current;
  current = clip;
  cards.mark(clip, before);
  stage.show(clip);
  describe();
  if (listen && clip !== before) playStretch(clip, ...decisions.edges(clip));
}

function playStretch(clip, from, to) {
  sound.play(from, to, clip);
}

function play(clip) {
  if (sound.playing && sound.playing.name === clip) {
    sound.stop();
    return;
  }
  select(clip, { listen: false });
  playStretch(clip, ...decisions.edges(clip));
}

function before(clip) {
  select(clip, { listen: false });
  const [start, end] = decisions.edges(clip);
  playStretch(clip, Math.max(start - CONTEXT, 0), end);
}

function playFrom(clip, share) {
  select(clip, { listen: false });
  playStretch(clip, clip.start + share * (clip.end - clip.start), Math.max(clip.end, decisions.edges(clip)[1]));
}

/** Decide on a clip; repeating a decision undoes it, also a stored one. */
function decide(clip, name) {
  select(clip, { listen: false });
  if (name === "trim" && !data.limits) return;
  const again = decisions.holding(clip) === name;
  if (again) decisions.set(clip, { decision: decisions.back(clip) });
  else if (clip.stored === name) decisions.set(clip, { decision: undefined });
  else if (name !== "trim") decisions.set(clip, { decision: name });
  else {
    decisions.set(clip, { decision: "trim", from: clip.start, to: clip.end });
    byId("to").focus({ preventScroll: true });
  }
  changed(clip);
  if (byId("advance").checked && name !== "trim" && !again) step(1);
}

function changed(clip) {
  const [start, end] = [clip.start, clip.end];
  outline.fill(start, end, decisions.stays(clip) ? ACCEPTED : REJECTED);
  cards.refresh(clip);
  cards.draw(clip);
  stage.draw();
  stage.drawOverview();
  describe();
  count();
}

function describe() {
  const { decision, note } = decisions.of(current);
  const holding = decisions.holding(current);
  for (const name of ["keep", "drop", "trim"]) {
    byId(name).setAttribute("aria-pressed", String(holding === name));
  }
  if (document.activeElement !== byId("note")) byId("note").value = note || "";
  const [start, end] = decisions.edges(current);
  const number = `clip ${clips.indexOf(current) + 1} of ${clips.length}`;
  const time = `${clock(start, 3)} – ${clock(end, 3)}, ${(end - start).toFixed(3)} s`;
  const moved = decision === "trim" && start === current.start && end === current.end;
  byId("selected").textContent = `${number} · ${time}${moved ? " · drag an edge, or use ← →" : ""}`;
}

function count() {
  const decided = clips.filter((clip) => decisions.of(clip).decision);
  const loose = clips.filter((clip) => decisions.of(clip).note && !decisions.of(clip).decision).length;
  const parts = ["keep", "drop", "trim", "undo"]
    .map((name) => [name, decided.filter((clip) => decisions.of(clip).decision === name).length])
    .filter(([, number]) => number)
    .map(([name, number]) => `${number} ${name === "undo" ? "undone" : name}`);
  const kinds = parts.length ? ` (${parts.join(", ")})` : "";
  const notes = loose ? ` · ${loose} with a note but no decision` : "";
  const before = clips.filter((clip) => clip.stored && !decisions.of(clip).decision).length;
  const stored = before ? ` · ${before} decided before` : "";
  byId("progress").textContent = `${decided.length} of ${clips.length} decided${kinds}${stored}${notes}`;
  byId("save").disabled = !decided.length;
}

/** Select the next or previous visible clip. */
function step(direction) {
  let place = clips.indexOf(current) + direction;
  while (clips[place] && !cards.shows(clips[place])) place += direction;
  if (!clips[place]) return;
  select(clips[place]);
  cards.reveal(clips[place]);
}

const FILTERS = {
  all: ["all", () => true],
  accepted: ["accepted", (clip) => clip.accepted],
  rejected: ["rejected", (clip) => !clip.accepted],
  open: ["undecided", (clip) => !decisions.of(clip).decision && !clip.stored],
  decided: ["decided", (clip) => Boolean(decisions.of(clip).decision || clip.stored)],
};
for (const [reason, label] of Object.entries(data.labels)) {
  FILTERS[`reason ${reason}`] = [label, (clip) => clip.reasons.includes(reason)];
}

function showFilters() {
  byId("filters").replaceChildren(...Object.entries(FILTERS).map(([name, [label, passes]]) => {
    const number = ["open", "decided"].includes(name) ? "" : ` ${clips.filter(passes).length}`;
    const chip = make("button", { "aria-pressed": String(name === filter) }, label + number);
    chip.addEventListener("click", () => {
      filter = name;
      showFilters();
      applyFilter();
    });
    return chip;
  }));
}

function applyFilter() {
  const wanted = byId("find").value.trim().toLocaleLowerCase();
  const [, passes] = FILTERS[filter];
  const says = (clip) => [clip.id, clip.speaker, clip.text, ...clip.subtitles, ...clip.why]
    .some((text) => (text || "").toLocaleLowerCase().includes(wanted));
  const shown = cards.filter((clip) => passes(clip) && (!wanted || says(clip)));
  byId("empty").hidden = shown > 0;
  byId("empty").textContent = clips.length ? "No clips match." : "This source has no clips.";
}

sound.onChange = () => {
  const playing = sound.playing;
  const moment = playing ? sound.position : null;
  stage.placePlayhead(moment);
  if (sound.shown && (!playing || sound.shown !== playing.name)) cards.placePlayhead(sound.shown, null);
  sound.shown = playing ? playing.name : null;
  if (sound.shown) cards.placePlayhead(sound.shown, moment);
  byId("play").firstElementChild.textContent = playing ? "■" : "▶";
};

stage.overview.addEventListener("click", (event) => {
  const moment = stage.momentAt(stage.overview, event);
  const far = (clip) => Math.max(clip.start - moment, moment - clip.end, 0);
  const shown = clips.filter((clip) => cards.shows(clip));
  const nearest = shown.reduce((best, clip) => (best && far(best) <= far(clip) ? best : clip), null);
  if (!nearest) {
    stage.centre(moment);
    return;
  }
  select(nearest);
  cards.reveal(nearest);
});

stage.zoom.addEventListener("click", (event) => {
  if (event.target.closest(".handle")) return;
  const moment = stage.momentAt(stage.zoom, event);
  const hit = clips.find((clip) => clip.start <= moment && moment < clip.end);
  if (hit && hit !== current) {
    select(hit);
    cards.reveal(hit);
    return;
  }
  playStretch(current, moment, hit ? decisions.edges(hit)[1] : moment + CONTEXT);
});

stage.zoom.addEventListener("wheel", (event) => {
  if (!event.deltaX) return;
  event.preventDefault();
  stage.centre(stage.from + stage.span / 2 + (event.deltaX / stage.zoom.clientWidth) * stage.span);
}, { passive: false });

stage.handles.forEach((handle, side) => {
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    const drag = (moved) => {
      trim.move(current, side, stage.momentAt(stage.zoom, moved));
      changed(current);
    };
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", drag), { once: true });
    event.preventDefault();
    handle.focus({ preventScroll: true });
  });
  handle.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    event.stopPropagation();
    const by = event.shiftKey ? 0.1 : 0.01;
    trim.move(current, side, decisions.edges(current)[side] + direction * by);
    changed(current);
  });
});

const KEYS = {
  " ": () => play(current), b: () => data.whole && before(current),
  k: () => decide(current, "keep"), d: () => decide(current, "drop"), t: () => decide(current, "trim"),
  u: () => { decisions.set(current, { decision: decisions.back(current) }); changed(current); },
  n: () => byId("note").focus(),
  ArrowDown: () => step(1), ArrowRight: () => step(1), ArrowUp: () => step(-1), ArrowLeft: () => step(-1),
};

document.addEventListener("keydown", (event) => {
  const place = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || !current) return;
  if (place.matches("input[type=text], input[type=search], select")) {
    if (event.key === "Escape" || (event.key === "Enter" && place === byId("note"))) place.blur();
    return;
  }
  if (event.key === " " && place.matches("button, input, a")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

/* Clicked controls return the keyboard focus to the page; controls reached by keyboard keep it. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("button, input[type=checkbox]");
  if (button && event.detail) button.blur();
});

for (const [id, act] of Object.entries({ play, before })) byId(id).addEventListener("click", () => act(current));
for (const name of ["keep", "drop", "trim"]) byId(name).addEventListener("click", () => decide(current, name));
byId("closer").addEventListener("click", () => stage.scale(0.5));
byId("wider").addEventListener("click", () => stage.scale(2));
byId("save").addEventListener("click", () => decisions.save());
byId("find").addEventListener("input", applyFilter);
byId("speed").addEventListener("change", (event) => { byId("audio").playbackRate = Number(event.target.value); });
byId("note").addEventListener("input", (event) => {
  decisions.set(current, { note: event.target.value.trim() || undefined });
  cards.refresh(current);
  count();
});

function redraw() {
  painter.readColours();
  stage.drawOverview();
  stage.draw();
  cards.drawAll();
}
let waiting = 0;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(redraw, 120);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

for (const clip of clips) {
  if (decisions.of(clip).decision) outline.fill(clip.start, clip.end, decisions.stays(clip) ? ACCEPTED : REJECTED);
}
for (const entry of document.querySelectorAll(".entry")) entry.style.flexGrow = String(100 * Number(entry.dataset.share));
if (!data.limits) {
  for (const button of document.querySelectorAll("button.trim, .handle")) button.hidden = true;
}
showFilters();
applyFilter();
count();
stage.drawOverview();
stage.draw();
if (clips.length) select(clips[0], { listen: false });
else for (const button of document.querySelectorAll(".transport .group:not(.end) button, .transport input")) button.disabled = true;
