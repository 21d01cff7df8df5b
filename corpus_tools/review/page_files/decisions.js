/** Decisions of this page, kept in the browser's local storage. */
class Decisions {
  constructor(source) {
    this.source = source;
    this.name = `corpus-review/${source.id}`;
    this.entries = {};
    try {
      this.entries = JSON.parse(localStorage.getItem(this.name)) || {};
    } catch (error) {
      complain("This browser can't store your decisions: save them before you close the page.");
    }
  }

  /** Storage key of a clip; the fingerprint distinguishes clips that were cut again under one id. */
  key(clip) {
    return `${clip.id}@${clip.fingerprint}`;
  }

  of(clip) {
    const entry = this.entries[this.key(clip)] || {};
    return entry.decision === "undo" && !clip.stored ? { note: entry.note } : entry;
  }

  /** Effective decision: the one made here, or else the one stored in the corpus. */
  holding(clip) {
    const decision = this.of(clip).decision || clip.stored;
    return decision === "undo" ? undefined : decision;
  }

  /** Decision that returns the clip to the screening rules. */
  back(clip) {
    return clip.stored ? "undo" : undefined;
  }

  /** Start and end of the clip, trimmed or original. */
  edges(clip) {
    const { decision, from, to } = this.of(clip);
    return decision === "trim" ? [from, to] : [clip.start, clip.end];
  }

  /** Whether the clip will be accepted. */
  stays(clip) {
    const { decision } = this.of(clip);
    if (decision === "undo") return clip.ruled ?? clip.accepted;
    return decision ? decision !== "drop" : clip.accepted;
  }

  set(clip, change) {
    const entry = { ...this.of(clip), ...change };
    if (entry.decision !== "trim") {
      delete entry.from;
      delete entry.to;
    }
    if (entry.decision || entry.note) this.entries[this.key(clip)] = entry;
    else delete this.entries[this.key(clip)];
    this.store();
  }

  store() {
    try {
      localStorage.setItem(this.name, JSON.stringify(this.entries));
    } catch (error) {
      complain("This browser can't store your decisions: save them before you close the page.");
    }
  }

  /** Decisions as CSV for spreadsheets, in the order of the clips. */
  csv() {
    const rows = [["source", "clip_id", "from", "to", "decision", "note"]];
    for (const clip of clips) {
      const { decision, note } = this.of(clip);
      if (!decision) continue;
      const edges = this.edges(clip).map((seconds) => seconds.toFixed(3));
      const name = decision === "undo" ? clip.planned : clip.id;
      rows.push([this.source.id, name, ...edges, decision, note || ""]);
    }
    return "\uFEFF" + rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
  }

  save() {
    const url = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv;charset=utf-8" }));
    const link = make("a", { href: url, download: `review-${this.source.id}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
}

/** CSV field; text that a spreadsheet would read as a formula gets an apostrophe, as in csv_tables.py. */
function cell(text) {
  const safe = /^(\s*[=+\-@＝＋－＠']|[\t\r])/.test(text) ? `'${text}` : text;
  return /[",;\r\n\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
