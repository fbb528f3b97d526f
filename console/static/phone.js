// Makes the page of a call live: events update its parts, buttons load no new page, and the browser speaks what the caller hears.
// Without this script the same buttons lead to the same page.
(() => {
  "use strict";
  const phone = document.getElementById("phone");
  const said = document.getElementById("phone-said");
  const log = document.getElementById("phone-log");
  if (!phone || !said) return;

  // Speaks what the caller hears. It is off until somebody turns it on.
  const speak = document.getElementById("phone-speak");
  const canSpeak = "speechSynthesis" in window;
  const wish = "supportline-speak";
  const wanted = () => speak.getAttribute("aria-pressed") === "true";
  const setWanted = (on) => {
    speak.setAttribute("aria-pressed", String(on));
    speak.textContent = on ? "Spoken aloud" : "Speak it aloud";
    if (!on) speechSynthesis.cancel();
  };
  if (canSpeak) {
    speak.hidden = false;
    setWanted(sessionStorage.getItem(wish) === "1");
    speak.addEventListener("click", () => {
      setWanted(!wanted());
      sessionStorage.setItem(wish, wanted() ? "1" : "0");
      const last = [...said.querySelectorAll("[data-spoken]")].pop();
      if (wanted() && last && phone.dataset.events) utter(last);
    });
  }
  const utter = (line) => {
    const words = new SpeechSynthesisUtterance(line.querySelector(".text").textContent);
    words.lang = said.dataset.lang;
    speechSynthesis.speak(words);
  };
  const hear = (line) => {
    if (!canSpeak || !wanted()) return;
    if (line.hasAttribute("data-cuts")) speechSynthesis.cancel();
    if (line.hasAttribute("data-spoken")) utter(line);
  };

  // Replaces the parts of the page, and adds lines, so that only new ones are read out.
  const replace = (part) => {
    const old = document.getElementById(part.id);
    if (!old || old.outerHTML === part.outerHTML) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const status = part.querySelector("[role=status]"), before = old.querySelector("[role=status]");
    if (status && before) { // a status is announced when its words change, not when it is new
      if (before.textContent !== status.textContent) before.textContent = status.textContent;
      status.replaceWith(before);
    }
    old.replaceWith(part);
    if (focused) (document.getElementById(focused) || log).focus();
  };
  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    for (const line of fresh.querySelectorAll("#phone-said > li")) {
      const old = document.getElementById(line.id);
      if (!old) {
        said.append(line);
        hear(line);
      } else if (old.textContent !== line.textContent) {
        old.replaceWith(line);
        hear(line);
      }
    }
    fresh.querySelectorAll("[data-part]").forEach(replace);
    since = performance.now();
    if (below) log.scrollTop = log.scrollHeight;
  };

  // Runs the clocks between two events.
  let since = performance.now();
  setInterval(() => {
    for (const clock of phone.querySelectorAll("[data-seconds]")) {
      const seconds = Number(clock.dataset.seconds) + Math.floor((performance.now() - since) / 1000);
      clock.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    }
  }, 500);

  if (!phone.dataset.events) return;
  const events = new EventSource(phone.dataset.events);
  events.addEventListener("moved", (e) => show(e.data));
  events.addEventListener("over", (e) => {
    events.close();
    delete phone.dataset.events;
    show(e.data);
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED && phone.dataset.events) location.reload();
  });

  phone.addEventListener("submit", async (e) => {
    if (!phone.dataset.events || !e.target.action.includes("/phone/")) return;
    e.preventDefault();
    const form = new URLSearchParams(new FormData(e.target, e.submitter));
    if (canSpeak) speechSynthesis.cancel();
    e.target.reset();
    try {
      const answer = await fetch(e.target.action, { method: "POST", body: form, headers: { "X-Live": "1" } });
      if (!answer.ok) location.reload();
    } catch {
      location.reload();
    }
  });

  // While the handset has the focus, the keyboard presses its keys.
  document.addEventListener("keydown", (e) => {
    const hand = document.getElementById("phone-hand");
    if (!hand.contains(e.target) || e.target.matches("input") || e.ctrlKey || e.metaKey || e.altKey || !/^[0-9*#]$/.test(e.key)) return;
    const name = { "*": "star", "#": "hash" }[e.key] || e.key;
    document.getElementById("key-" + name)?.click();
  });
  log.scrollTop = log.scrollHeight;
})();
