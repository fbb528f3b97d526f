// Runs the clocks between two updates from the server: each shows the seconds since a moment, by the server's clock.
"use strict";
(() => {
  const two = (n) => String(n).padStart(2, "0");
  let seen = null, began = 0;
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-since]")) {
      if (clock.dataset.now !== seen) {
        seen = clock.dataset.now;
        began = performance.now();
      }
      const now = Number(seen) + performance.now() - began;
      const seconds = Math.max(0, Math.floor((now - Number(clock.dataset.since)) / 1000));
      clock.textContent = Math.floor(seconds / 60) + ":" + two(seconds % 60);
      if (clock.dataset.over) {
        clock.classList.toggle("bad", seconds > Number(clock.dataset.over));
        clock.classList.toggle("warn", seconds >= Number(clock.dataset.near) && seconds <= Number(clock.dataset.over));
      }
    }
  };
  setInterval(tick, 1000);
})();
