/** Overview of the whole source, and the zoomed waveform around the selected clip. */
class Stage {
  constructor(painter, decisions) {
    this.painter = painter;
    this.decisions = decisions;
    this.duration = Math.max(data.source.duration, 0.1);
    this.span = Math.min(16, this.duration);
    this.from = 0;
    this.overview = byId("overview");
    this.zoom = byId("zoom");
    this.handles = [byId("from"), byId("to")];
    this.clip = null;
  }

  get to() {
    return this.from + this.span;
  }

  show(clip) {
    this.clip = clip;
    const [start, end] = this.decisions.edges(clip);
    this.centre((start + end) / 2);
  }

  centre(moment) {
    this.from = clamp(moment - this.span / 2, 0, Math.max(this.duration - this.span, 0));
    this.draw();
  }

  scale(factor) {
    const middle = this.clip ? (this.clip.start + this.clip.end) / 2 : this.from + this.span / 2;
    this.span = clamp(this.span * factor, Math.min(4, this.duration), Math.min(240, this.duration));
    this.centre(middle);
  }

  /** Time under the pointer. */
  momentAt(place, event) {
    const box = place.getBoundingClientRect();
    const share = clamp((event.clientX - box.left) / box.width, 0, 1);
    return place === this.zoom ? this.from + share * this.span : share * this.duration;
  }

  draw() {
    this.drawZoom();
    this.placeHandles();
    this.placeWindow();
  }

  drawOverview() {
    const { context, width, height } = this.painter.prepare(this.overview.firstElementChild);
    this.painter.bars(context, [0, 0, width, height - 8], 0, this.duration, 1);
    const x = (moment) => (moment / this.duration) * width;
    for (const clip of clips) {
      const decision = this.decisions.holding(clip);
      const box = [x(clip.start), height - 7, Math.max(x(clip.end) - x(clip.start), 1), decision ? 7 : 4];
      context.fillStyle = this.painter.palette[this.decisions.stays(clip) ? ACCEPTED : REJECTED];
      context.fillRect(...box);
    }
    this.placeWindow();
  }

  drawZoom() {
    const { context, width, height } = this.painter.prepare(this.zoom.firstElementChild);
    const x = (moment) => ((moment - this.from) / this.span) * width;
    const floor = height - 26;
    this.drawPauses(context, x, floor);
    for (const [start, end, label] of data.closed) this.drawClosed(context, start / 1000, end / 1000, label, x, floor);
    const shown = clips.filter((clip) => clip.end > this.from && clip.start < this.to);
    for (const clip of shown) this.drawBand(context, clip, x, floor);
    this.painter.bars(context, [0, 16, width, floor - 22], this.from, this.to, 2);
    for (const clip of shown) this.drawEdges(context, clip, x, floor);
    this.drawLines(context, x, floor, height);
    this.drawTicks(context, x, width);
  }

  drawPauses(context, x, floor) {
    if (!data.whole) return;
    context.fillStyle = this.painter.palette[PAUSE];
    const dots = (from, to) => {
      for (let spot = x(from) + 3; spot < x(to) - 1; spot += 6) context.fillRect(spot, floor - 4, 2, 2);
    };
    let before = 0;
    for (const [start, end] of data.speech) {
      if (end / 1000 > this.from && before < this.to) {
        dots(Math.max(before, this.from), Math.min(start / 1000, this.to));
      }
      before = end / 1000;
    }
    if (before < this.to) dots(Math.max(before, this.from), Math.min(this.duration, this.to));
    for (const [start, end] of data.gaps) {
      const box = [x(start / 1000), 0, x(end / 1000) - x(start / 1000), floor];
      if (box[0] + box[2] > 0 && box[0] < x(this.to)) this.painter.hatch(context, box, this.painter.soft);
    }
  }

  /** Region closed by manual regions. */
  drawClosed(context, start, end, label, x, floor) {
    if (end < this.from || start > this.to) return;
    const box = [x(Math.max(start, this.from)), 0, x(Math.min(end, this.to)) - x(Math.max(start, this.from)), floor];
    this.painter.hatch(context, box, this.painter.soft);
    context.fillStyle = this.painter.soft;
    context.font = "600 11px system-ui, sans-serif";
    context.fillText(label, box[0] + 6, floor - 10, Math.max(box[2] - 12, 1));
  }

  drawBand(context, clip, x, floor) {
    const stays = this.decisions.stays(clip);
    const [start, end] = this.decisions.edges(clip);
    const box = [x(start), 0, x(end) - x(start), floor];
    context.fillStyle = this.painter.tints[stays];
    context.fillRect(...box);
    if (!stays) this.painter.hatch(context, box, this.painter.palette[REJECTED]);
    context.fillStyle = this.painter.palette[stays ? ACCEPTED : REJECTED];
    context.fillRect(box[0], 0, box[2], clip === this.clip ? 5 : 2);
    const signs = { keep: "✓ keep", drop: "✕ drop", trim: "✂ trim", undo: "undo" };
    const sign = signs[this.decisions.of(clip).decision] || (clip.accepted ? "accepted" : clip.why[0] || "rejected");
    context.save();
    context.beginPath();
    context.rect(box[0] + 2, 0, Math.max(box[2] - 4, 0), 30);
    context.clip();
    context.font = "600 11px system-ui, sans-serif";
    context.fillText(sign, Math.max(box[0], 0) + 6, 30 - 12);
    context.restore();
  }

  drawEdges(context, clip, x, floor) {
    context.strokeStyle = this.painter.ink;
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    for (const edge of [clip.start, clip.end]) {
      context.moveTo(Math.round(x(edge)) + 0.5, 0);
      context.lineTo(Math.round(x(edge)) + 0.5, floor);
    }
    context.stroke();
    context.setLineDash([]);
  }

  drawLines(context, x, floor, height) {
    context.font = '12px system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
    for (const [start, end, text, speaker] of data.lines) {
      if (end < this.from || start > this.to) continue;
      const left = x(start) + 1;
      const width = Math.max(x(end) - x(start) - 2, 2);
      context.fillStyle = this.painter.lineColour;
      context.fillRect(left, floor + 2, width, height - floor - 4);
      context.save();
      context.beginPath();
      context.rect(left, floor, width, height - floor);
      context.clip();
      context.fillStyle = this.painter.ink;
      context.fillText(speaker ? `${speaker}: ${text}` : text, Math.max(left, 0) + 5, height - 9);
      context.restore();
    }
  }

  drawTicks(context, x, width) {
    const step = [1, 2, 5, 10, 30, 60].find((one) => (one / this.span) * width > 90) || 60;
    context.font = "11px ui-monospace, Consolas, monospace";
    context.fillStyle = this.painter.soft;
    for (let tick = Math.ceil(this.from / step) * step; tick <= this.to; tick += step) {
      context.fillRect(Math.round(x(tick)), 24, 1, 5);
      context.fillText(clock(tick, 0), x(tick) + 4, 32);
    }
  }

  placeHandles() {
    const width = this.zoom.clientWidth;
    const [start, end] = this.clip ? this.decisions.edges(this.clip) : [-1, -1];
    [start, end].forEach((moment, i) => {
      const handle = this.handles[i];
      handle.hidden = !data.limits || moment < this.from - 0.001 || moment > this.to + 0.001;
      handle.style.left = `${((moment - this.from) / this.span) * width}px`;
      handle.setAttribute("aria-valuemin", "0");
      handle.setAttribute("aria-valuemax", String(this.duration));
      handle.setAttribute("aria-valuenow", moment.toFixed(3));
      handle.setAttribute("aria-valuetext", clock(moment, 3));
    });
    this.zoom.classList.toggle("trimming", Boolean(this.clip) && this.decisions.of(this.clip).decision === "trim");
  }

  placeWindow() {
    const frame = this.overview.querySelector(".window");
    frame.style.left = `${(100 * this.from) / this.duration}%`;
    frame.style.width = `${(100 * this.span) / this.duration}%`;
  }

  placePlayhead(moment) {
    for (const place of [this.overview, this.zoom]) {
      place.classList.toggle("playing", moment !== null);
      if (moment === null) continue;
      const share = place === this.zoom ? (moment - this.from) / this.span : moment / this.duration;
      place.querySelector(".playhead").style.left = `${100 * share}%`;
    }
    if (moment !== null && (moment < this.from || moment > this.to)) this.centre(moment + this.span / 3);
  }
}
