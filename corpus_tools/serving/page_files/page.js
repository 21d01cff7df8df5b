"use strict";
const byId = (id) => document.getElementById(id);
const settings = JSON.parse(byId("settings").textContent);
const record = byId("record"), file = byId("file"), drop = byId("drop"), text = byId("text");
const player = byId("player"), chart = byId("chart");
const NAMESPACE = "http://www.w3.org/2000/svg";
let result = null, chosen = 0, recorder = null, working = false, stopAt = null;

// Output. Names and texts come from files, so they are only ever set as text.
function make(name, content, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = content;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
function draw(parent, name, attributes, content = "") {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = content;
  parent.append(element);
  return element;
}
function say(sentence, isError = false) {
  byId("status").textContent = sentence;
  byId("status").classList.toggle("error", isError);
}
function clock(seconds) {
  const whole = Math.floor(seconds), minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
const percent = (share) => `${Math.round(share * 100)} %`;

// Sending a file.
function setWorking(is) {
  working = is;
  file.disabled = is;
  record.disabled = is;
  document.body.setAttribute("aria-busy", String(is));
}
async function send(blob, name) {
  if (working) return;
  byId("result").hidden = true;
  player.pause();
  if (!blob.size) return say(`${name}: the file is empty; give another one`, true);
  if (blob.size > settings.most_bytes) {
    return say(`${name}: larger than ${settings.most_bytes / 1048576} MB; give a part of it, or use: corpus predict FILE`, true);
  }
  setWorking(true);
  const start = Date.now();
  const wait = () => say(`predicting ${name} … ${clock((Date.now() - start) / 1000)}`);
  wait();
  const ticking = setInterval(wait, 1000);
  try {
    const query = new URLSearchParams({ name, text: text ? text.value : "" });
    const response = await fetch(`predict?${query}`, { method: "POST", body: blob });
    const answer = await response.json();
    if (answer.error) say(answer.error, true);
    else show(answer, blob);
  } catch {
    say("the server doesn't answer; is corpus serve still running, and the file still there?", true);
  } finally {
    clearInterval(ticking);
    setWorking(false);
  }
}

// The result.
function show(answer, blob) {
  result = answer;
  say("");
  if (player.src) URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(blob);
  byId("title").textContent = answer.name;
  const clips = answer.clips, counts = new Map();
  for (const clip of clips) counts.set(clip.emotion, (counts.get(clip.emotion) || 0) + 1);
  const most = [...counts].sort((one, other) => other[1] - one[1]);
  byId("summary").textContent = clips.length > 1 ? `${clips.length} clips: ${most.map(([name, count]) => `${name} ${count}`).join(", ")}` : "";
  byId("clip").hidden = !clips.length;
  byId("over-time").hidden = clips.length < 2;
  const notes = answer.normalisation ? [...answer.notes, answer.normalisation] : answer.notes;
  byId("notes").replaceChildren(...notes.map((note) => make("li", note)));
  byId("result").hidden = false;
  if (clips.length > 1) fillTable();
  if (clips.length) choose(0);
  byId("title").scrollIntoView({ block: "nearest" });
}
function fillTable() {
  const head = document.createElement("tr");
  for (const name of ["start", "end", "emotion", ...result.classes, "text"]) head.append(make("th", name, { scope: "col" }));
  const rows = result.clips.map((clip) => {
    const row = document.createElement("tr");
    const shares = result.classes.map((name) => clip.probabilities[name].toFixed(2));
    for (const value of [clip.start.toFixed(2), clip.end.toFixed(2), clip.emotion, ...shares, clip.text]) row.append(make("td", value));
    return row;
  });
  byId("table").replaceChildren(head, ...rows);
}
function choose(number) {
  chosen = Math.max(0, Math.min(number, result.clips.length - 1));
  const clip = result.clips[chosen];
  byId("clip-title").textContent = `${clock(clip.start)} to ${clock(clip.end)}: ${clip.emotion}`;
  byId("clip-text").textContent = clip.text;
  const order = [...result.classes].sort((one, other) => clip.probabilities[other] - clip.probabilities[one]);
  byId("bars").replaceChildren();
  order.forEach((name, place) => {
    const share = clip.probabilities[name];
    const bar = document.createElementNS(NAMESPACE, "svg");
    bar.setAttribute("aria-hidden", "true");
    draw(bar, "rect", { class: "rest", width: "100%", height: 18, rx: 3 });
    draw(bar, "rect", { class: place ? "bar" : "most", width: `${share * 100}%`, height: 18, rx: 3 });
    byId("bars").append(make("span", name, place ? {} : { class: "first" }), bar, make("span", percent(share), { class: "share" }));
  });
  if (result.clips.length < 2) return;
  chart.setAttribute("aria-valuemax", result.clips.length);
  chart.setAttribute("aria-valuenow", chosen + 1);
  chart.setAttribute("aria-valuetext", `clip ${chosen + 1}, ${clock(clip.start)}: ${order.slice(0, 2).map((name) => `${name} ${percent(clip.probabilities[name])}`).join(", ")}`);
  drawChart();
}

// One row of bars for each class: a bar is a clip, its height the probability.
const LEFT = 84, TOP = 6, ROW = 44, GAP = 8;
let scale = (seconds) => seconds;
function drawChart() {
  const clips = result.clips, end = clips[clips.length - 1].end;
  const shortest = Math.min(...clips.map((clip) => clip.end - clip.start));
  const width = Math.max(chart.clientWidth - LEFT - 16, Math.min(end * 4 / Math.max(shortest, 0.5), 20000));
  const height = TOP + result.classes.length * (ROW + GAP);
  scale = (seconds) => LEFT + (seconds / end) * width;
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("width", LEFT + width + 16);
  svg.setAttribute("height", height + 24);
  svg.setAttribute("aria-hidden", "true");
  const now = clips[chosen];
  draw(svg, "rect", { class: "chosen", x: scale(now.start), width: Math.max(scale(now.end) - scale(now.start), 2), y: 0, height });
  result.classes.forEach((name, row) => {
    const bottom = TOP + row * (ROW + GAP) + ROW;
    draw(svg, "text", { x: 8, y: bottom - ROW / 2 + 5 }, name);
    draw(svg, "line", { class: "grid", x1: LEFT, x2: LEFT + width, y1: bottom, y2: bottom });
    for (const clip of clips) {
      const share = clip.probabilities[name];
      const bar = { x: scale(clip.start), width: Math.max(scale(clip.end) - scale(clip.start) - 1, 1), y: bottom - share * ROW, height: share * ROW };
      draw(svg, "rect", { class: clip.emotion === name ? "most" : "bar", ...bar });
    }
  });
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].find((seconds) => (seconds / end) * width >= 70) || 3600;
  for (let at = 0; at <= end; at += step) {
    draw(svg, "line", { class: "grid", x1: scale(at), x2: scale(at), y1: height, y2: height + 5 });
    draw(svg, "text", { class: "small", x: scale(at), y: height + 19 }, clock(at));
  }
  clips.forEach((clip, number) => {
    const hit = draw(svg, "rect", { class: "hit", x: scale(clip.start), width: Math.max(scale(clip.end) - scale(clip.start), 2), y: 0, height });
    draw(hit, "title", {}, `${clock(clip.start)} ${clip.emotion} ${percent(clip.probabilities[clip.emotion])}`);
    hit.addEventListener("click", () => { choose(number); play(); });
  });
  draw(svg, "line", { class: "now", id: "now", y1: 0, y2: height, x1: -9, x2: -9 });
  const left = chart.scrollLeft;
  chart.replaceChildren(svg);
  const from = scale(now.start), to = scale(now.end);
  chart.scrollLeft = from < left + LEFT || to > left + chart.clientWidth ? from - chart.clientWidth / 2 : left;
}
function play() {
  const clip = result.clips[chosen];
  player.currentTime = clip.start;
  stopAt = clip.end;
  player.play().catch(() => say("your browser can't play this file, though it was predicted"));
}
chart.addEventListener("keydown", (event) => {
  const last = result.clips.length - 1;
  const to = { ArrowLeft: chosen - 1, ArrowDown: chosen - 1, ArrowRight: chosen + 1, ArrowUp: chosen + 1, PageDown: chosen - 10, PageUp: chosen + 10, Home: 0, End: last }[event.key];
  if (to !== undefined) choose(to);
  else if (event.key === "Enter" || event.key === " ") play();
  else return;
  event.preventDefault();
});
player.addEventListener("timeupdate", () => {
  if (stopAt !== null && player.currentTime >= stopAt) {
    player.pause();
    stopAt = null;
  }
  const now = byId("now");
  if (now) for (const end of ["x1", "x2"]) now.setAttribute(end, scale(player.currentTime));
});
player.addEventListener("seeking", () => {
  if (stopAt !== null && Math.abs(player.currentTime - result.clips[chosen].start) > 0.1) stopAt = null;
});
window.addEventListener("resize", () => { if (result && result.clips.length > 1) drawChart(); });

// A file.
file.addEventListener("change", () => {
  if (file.files.length) send(file.files[0], file.files[0].name);
  file.value = "";
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  window.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover" && !working);
    if (kind !== "drop" || working) return;
    const dropped = event.dataTransfer.files;
    if (dropped.length === 1) send(dropped[0], dropped[0].name);
    else say(dropped.length ? "one file at a time, please" : "that was no file; drop an audio or video file", true);
  });
}

// A recording.
async function startRecording() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    const why = error && error.name === "NotAllowedError" ? "the browser may not use the microphone; allow it for this page" : "no microphone was found";
    return say(`${why}, or give a file`, true);
  }
  const parts = [];
  recorder = new MediaRecorder(stream);
  const kind = recorder.mimeType;
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    for (const track of stream.getTracks()) track.stop();
    clearInterval(ticking);
    recorder = null;
    record.setAttribute("aria-pressed", "false");
    record.textContent = "● Record";
    file.disabled = false;
    const suffix = (/\/([a-z0-9]+)/.exec(kind) || ["", "webm"])[1];
    send(new Blob(parts, { type: kind }), `recording.${suffix}`);
  });
  const start = Date.now();
  const tick = () => { record.textContent = `■ Stop ${clock((Date.now() - start) / 1000)}`; };
  const ticking = setInterval(tick, 500);
  tick();
  record.setAttribute("aria-pressed", "true");
  file.disabled = true;
  say("recording; press Stop when you are done");
  recorder.start(1000);
}
record.addEventListener("click", () => {
  if (recorder) recorder.stop();
  else if (!working) startRecording();
});
