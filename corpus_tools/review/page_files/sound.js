/** Player of source times in seconds, which the page's audio may hold elsewhere. */
class Sound {
  constructor(element, pieces) {
    this.element = element;
    this.pieces = pieces;
    this.playing = null;
    this.turn = 0;
    this.onChange = () => {};
    this.ready = new Promise((resolve, reject) => {
      element.addEventListener("loadedmetadata", resolve, { once: true });
      element.addEventListener("error", reject, { once: true });
    });
    this.ready.catch(() => complain("This browser can't play the audio of this page; try another browser."));
    if (pieces.length) setTimeout(() => {
      element.src = URL.createObjectURL(new Blob([bytesOf("sound")], { type: "audio/mpeg" }));
    }, 0);
  }

  /** Current time in the source. */
  get position() {
    const [start, end, at] = this.playing.piece;
    return clamp(start + this.element.currentTime - at, start, end);
  }

  /** Play a range as far as there is audio; `name` is the clip being played. */
  async play(from, to, name) {
    const turn = (this.turn += 1);
    this.element.pause();
    const piece = this.pieces.find(([start, end]) => from < end && to > start);
    if (!piece) return;
    const [start, end, at] = piece;
    this.playing = { piece, name, to: Math.min(to, end) };
    this.onChange();
    try {
      await this.ready;
      if (turn !== this.turn) return;
      this.element.currentTime = at + Math.max(from, start) - start;
      await this.element.play();
    } catch (error) {
      if (turn === this.turn) this.stop();
      return;
    }
    if (turn === this.turn) this.watch(turn);
  }

  /** Stop within about a millisecond of the end; neither frames nor timers alone are that exact. */
  watch(turn) {
    if (turn !== this.turn) return;
    const left = this.playing.to - this.position;
    if (left <= 0.002 || this.element.ended || this.element.paused) {
      this.stop();
      return;
    }
    this.onChange();
    const wait = (left * 1000) / this.element.playbackRate;
    if (wait < 40) setTimeout(() => this.watch(turn), Math.max(wait - 1, 0));
    else if (document.hidden) setTimeout(() => this.watch(turn), Math.min(wait - 20, 500));
    else requestAnimationFrame(() => this.watch(turn));
  }

  stop() {
    this.turn += 1;
    this.element.pause();
    this.playing = null;
    this.onChange();
  }
}
