/** Movement of clip edges, within the limits of `corpus review --apply`. */
class Trim {
  constructor(decisions) {
    this.decisions = decisions;
  }

  /** Range of the edges: up to the next accepted or decided clips, or the clip itself without the film. */
  room(clip) {
    if (!data.whole) return [clip.start, clip.end];
    let [low, high] = [0, data.source.duration];
    for (const other of clips) {
      if (other === clip || !(this.decisions.stays(other) || this.decisions.of(other).decision || other.stored)) continue;
      const [start, end] = this.decisions.edges(other);
      if (end <= clip.start + 0.0005) low = Math.max(low, end);
      if (start >= clip.end - 0.0005) high = Math.min(high, start);
    }
    return [low, high];
  }

  /** Move one edge as close to a time as allowed; `side` 0 is the start, 1 the end. */
  move(clip, side, moment) {
    const [shortest, longest] = data.limits;
    const [low, high] = this.room(clip);
    const edges = [...this.decisions.edges(clip)];
    const other = edges[1 - side];
    const least = Math.min(shortest, clip.end - clip.start);
    edges[side] = side === 0
      ? clamp(moment, Math.max(low, other - longest), other - least)
      : clamp(moment, other + least, Math.min(high, other + longest));
    const [from, to] = edges.map((seconds) => Math.round(seconds * 1000) / 1000);
    this.decisions.set(clip, { decision: "trim", from, to });
  }
}
