const PAUSE = 0, LEFTOVER = 1, ACCEPTED = 2, REJECTED = 3, GAP = 4, UNKNOWN = 5;
const COLOURS = ["pause", "leftover", "accepted", "rejected", "gap", "line"];

/** Envelope of the audio, with the state of each hundredth of a second. */
class Outline {
  constructor() {
    this.values = bytesOf("envelope");
    this.states = new Uint8Array(this.values.length).fill(data.whole ? PAUSE : UNKNOWN);
    for (const [start, end] of data.speech) this.fill(start / 1000, end / 1000, LEFTOVER);
    for (const [start, end] of data.gaps) this.fill(start / 1000, end / 1000, GAP);
    for (const clip of clips) this.fill(clip.start, clip.end, clip.accepted ? ACCEPTED : REJECTED);
  }

  fill(from, to, state) {
    this.states.fill(state, Math.round(from * data.perSecond), Math.round(to * data.perSecond));
  }
}

/** Drawing of waveforms on canvases. */
class Painter {
  constructor(outline) {
    this.outline = outline;
    const peaks = outline.values.filter((value) => value > 0).sort();
    this.gain = 255 / Math.max(peaks[Math.floor(peaks.length * 0.998)] || 255, 40);
    this.readColours();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.palette = COLOURS.map(colour);
    [this.ink, this.soft, this.lineColour] = ["ink", "soft", "line"].map(colour);
    this.tints = { true: colour("accepted-tint"), false: colour("rejected-tint") };
  }

  /** Size the canvas to its element and return its context, in CSS pixels. */
  prepare(canvas) {
    const { width, height } = canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(Math.round(width * ratio), 1);
    canvas.height = Math.max(Math.round(height * ratio), 1);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    return { context, width, height };
  }

  /** Draw bars between two times, each in the colour of the state at its peak. */
  bars(context, [left, top, width, height], from, to, step = 2) {
    const { values, states } = this.outline;
    const scale = ((to - from) * data.perSecond) / width;
    const middle = top + height / 2;
    for (let x = 0; x < width; x += step) {
      const first = Math.floor(from * data.perSecond + x * scale);
      const last = Math.max(Math.floor(from * data.perSecond + (x + step) * scale), first + 1);
      let peak = 0;
      let state = first >= 0 && first < states.length ? states[first] : UNKNOWN;
      for (let i = Math.max(first, 0); i < Math.min(last, values.length); i += 1) {
        if (values[i] > peak) {
          peak = values[i];
          state = states[i];
        }
      }
      if (state === UNKNOWN && !peak) continue;
      const reach = Math.max(Math.min((peak / 255) * this.gain, 1) ** 1.3 * (height / 2 - 1), state === PAUSE ? 0.5 : 1);
      context.fillStyle = this.palette[state];
      context.fillRect(left + x, middle - reach, step > 1 ? step - 0.6 : step, 2 * reach);
    }
  }

  /** Draw hatching, so that rejected clips are visible without colour. */
  hatch(context, [left, top, width, height], colour) {
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.strokeStyle = colour;
    context.globalAlpha = 0.35;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = left - height; x < left + width; x += 8) {
      context.moveTo(x, top + height);
      context.lineTo(x + height, top);
    }
    context.stroke();
    context.restore();
  }
}
