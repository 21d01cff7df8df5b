"use strict";
// Filter of the clips by their error rate, and one player for the sounds linked beside them.
const clips = [...document.querySelectorAll("#clips > li")];
const least = document.getElementById("least");
const player = document.getElementById("player");

function filter() {
  const rate = (Number(least.value) || 0) / 100;
  let shown = 0;
  for (const clip of clips) {
    clip.hidden = Number(clip.dataset.rate) < rate;
    shown += clip.hidden ? 0 : 1;
  }
  document.getElementById("count").textContent = `${shown} of ${clips.length} clips`;
}

document.getElementById("clips").addEventListener("click", (event) => {
  const link = event.target.closest("a.sound");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  player.hidden = false;
  player.src = link.href;
  player.play().catch(() => {
    player.hidden = true;
    document.getElementById("count").textContent = "The sound isn’t beside this page any more.";
  });
});
least.addEventListener("input", filter);
least.form.addEventListener("submit", (event) => event.preventDefault());
filter();
