const SIGNS = { keep: "✓", drop: "✕", trim: "✂" };
const STORED = { keep: "kept before", drop: "dropped before", trim: "trimmed before" };

/** List with one row per clip: times, screening decision, player, text and review decision. */
class Cards {
  constructor(painter, decisions, actions) {
    this.painter = painter;
    this.decisions = decisions;
    this.actions = actions;
    this.list = byId("clips");
    this.rows = new Map();
    const near = new IntersectionObserver((entries) => this.enter(entries), { rootMargin: "400px" });
    clips.forEach((clip, number) => {
      const row = this.build(clip, number);
      this.rows.set(clip, row);
      this.list.append(row.item);
      near.observe(row.item);
      this.refresh(clip);
    });
  }

  enter(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.draw(clips[Number(target.dataset.number)]);
    }
  }

  build(clip, number) {
    const button = (label, title, act, look = "") => {
      const made = make("button", { class: look, title, "aria-label": `${title}, clip ${number + 1}` }, ...label);
      made.addEventListener("click", () => act(clip));
      return made;
    };
    const sign = (name) => make("b", {}, SIGNS[name]);
    const play = button(["▶ Play"], "Play", this.actions.play);
    const before = button(["5 s before"], "Play from 5 s before", this.actions.before, "small");
    before.disabled = !data.whole;
    const wave = make("div", { class: "wave", title: "Play from here" }, make("canvas", { "aria-hidden": "true" }), make("div", { class: "playhead" }));
    wave.addEventListener("click", (event) => {
      const box = wave.getBoundingClientRect();
      this.actions.playFrom(clip, (event.clientX - box.left) / box.width);
    });
    const choices = ["keep", "drop", "trim"].map((name) =>
      button([sign(name), ` ${name[0].toUpperCase()}${name.slice(1)}`], name[0].toUpperCase() + name.slice(1), () => this.actions.decide(clip, name), name));
    const decided = make("span", { class: "decided" });
    const item = make("li", { class: "clip", "data-number": number },
      make("span", { class: "number" }, String(number + 1)),
      make("div", { class: "listen" }, play, before),
      wave, this.facts(clip), this.text(clip),
      make("div", { class: "decide" }, ...choices, decided));
    item.addEventListener("click", (event) => {
      if (!event.target.closest("button, .wave")) this.actions.select(clip);
    });
    return { item, play, wave, choices, decided };
  }

  facts(clip) {
    const reasons = clip.why.length ? `: ${clip.why.join("; ")}` : "";
    const state = clip.accepted ? "accepted" : "rejected";
    const measures = clip.measures.map(([name, value]) => `${name} ${value}`).join(" · ");
    const facts = make("div", { class: "facts" },
      make("span", { class: "time", title: clip.id }, `${clock(clip.start, 2)} – ${clock(clip.end, 2)} `,
        make("small", {}, `${(clip.end - clip.start).toFixed(2)} s`)),
      make("span", { class: `state ${state}` }, `${clip.accepted ? "✓" : "✗"} ${state}${reasons}`),
      make("span", { class: "measures" }, measures));
    return facts;
  }

  text(clip) {
    const place = make("div", { class: "text" });
    if (clip.speaker) {
      place.append(make("strong", { title: `source: ${clip.speakerSource || "unknown"}` }, `${clip.speaker} `));
    }
    const subtitles = clip.subtitles.join(" ");
    place.append(clip.text || subtitles || "");
    if (clip.text && clip.textSource !== "subtitle") {
      place.append(" ", make("span", { class: "origin" }, `(${clip.textSource})`));
      if (subtitles && subtitles !== clip.text) {
        place.append(make("div", { class: "origin" }, `subtitles: ${subtitles}`));
      }
    }
    if (clip.duplicateOf && !clip.reasons.includes("duplicate")) place.append(make("div", { class: "origin" }, `repeat of ${clip.duplicateOf}`));
    return place;
  }

  /** Update the decision shown for a clip. */
  refresh(clip) {
    const { item, choices, decided } = this.rows.get(clip);
    const { decision, note } = this.decisions.of(clip);
    item.classList.toggle("rejected", !this.decisions.stays(clip));
    item.classList.toggle("dropped", this.decisions.holding(clip) === "drop");
    const holding = this.decisions.holding(clip);
    ["keep", "drop", "trim"].forEach((name, i) => choices[i].setAttribute("aria-pressed", String(holding === name)));
    const edges = this.decisions.edges(clip).map((moment) => clock(moment, 2)).join(" – ");
    const labels = { keep: "you: keep", drop: "you: drop", trim: `you: ${edges}`, undo: "you: undo" };
    const noted = note || (decision ? "" : clip.storedNote);
    decided.textContent = [labels[decision] || STORED[clip.stored], noted && `“${noted}”`].filter(Boolean).join(" · ");
  }

  draw(clip) {
    const { wave } = this.rows.get(clip);
    const { context, width, height } = this.painter.prepare(wave.firstElementChild);
    this.painter.bars(context, [0, 0, width, height], clip.start, clip.end, 2);
    if (!clip.accepted) this.painter.hatch(context, [0, 0, width, height], this.painter.palette[REJECTED]);
    if (this.decisions.of(clip).decision !== "trim") return;
    const [start, end] = this.decisions.edges(clip);
    const x = (moment) => ((moment - clip.start) / (clip.end - clip.start)) * width;
    context.fillStyle = this.painter.soft;
    context.globalAlpha = 0.45;
    context.fillRect(0, 0, x(start), height);
    context.fillRect(x(end), 0, width - x(end), height);
  }

  drawAll() {
    const middle = window.innerHeight;
    for (const [clip, { item }] of this.rows) {
      const box = item.getBoundingClientRect();
      if (!item.hidden && box.bottom > -middle && box.top < 2 * middle) this.draw(clip);
    }
  }

  mark(clip, before) {
    if (before) this.rows.get(before).item.classList.remove("current");
    if (before) this.rows.get(before).item.removeAttribute("aria-current");
    this.rows.get(clip).item.classList.add("current");
    this.rows.get(clip).item.setAttribute("aria-current", "true");
  }

  /** Scroll a clip's row into view, below the sticky waveform. */
  reveal(clip) {
    const { item } = this.rows.get(clip);
    const top = document.querySelector(".stage").getBoundingClientRect().bottom + 12;
    const box = item.getBoundingClientRect();
    if (box.top < top || box.bottom > window.innerHeight - 12) {
      window.scrollBy({ top: box.top - top - 40, behavior: "instant" });
    }
  }

  placePlayhead(clip, moment) {
    const { wave, play } = this.rows.get(clip);
    const inside = moment !== null && moment >= clip.start && moment <= clip.end;
    wave.classList.toggle("playing", inside);
    const label = moment === null ? "▶ Play" : "■ Stop";
    if (play.textContent !== label) play.textContent = label;
    if (inside) wave.lastElementChild.style.left = `${(100 * (moment - clip.start)) / (clip.end - clip.start)}%`;
  }

  /** Show the clips that pass, and return their number. */
  filter(passes) {
    let shown = 0;
    for (const [clip, { item }] of this.rows) {
      item.hidden = !passes(clip);
      shown += item.hidden ? 0 : 1;
    }
    return shown;
  }

  shows(clip) {
    return !this.rows.get(clip).item.hidden;
  }
}
