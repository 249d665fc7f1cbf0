"use strict";
const LOST = "What is shown may be old. kubectl vvol board does not answer. If it has ended, start it again, and open its new link.";
const HTML = ["groups", "running", "needs"];
const part = (id) => document.getElementById(id);

// Only what is different is touched: focus, selection and the place of a screen reader stay.
const adapt = (old, fresh) => {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
  } else if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) { old.data = fresh.data; }
  } else {
    for (const one of fresh.attributes) {
      if (old.getAttribute(one.name) !== one.value) { old.setAttribute(one.name, one.value); }
    }
    for (const one of [...old.attributes]) {
      if (!fresh.hasAttribute(one.name)) { old.removeAttribute(one.name); }
    }
    fill(old, fresh);
  }
};
const fill = (old, fresh) => {
  const before = [...old.childNodes], after = [...fresh.childNodes];
  after.forEach((one, place) => { if (place < before.length) { adapt(before[place], one); } else { old.append(one); } });
  before.slice(after.length).forEach((one) => one.remove());
};

const say = (id, text) => { if (part(id).textContent !== text) { part(id).textContent = text; } };
const show = (said) => {
  for (const id of HTML) {
    const fresh = document.createElement("template");
    fresh.innerHTML = said[id];
    fill(part(id), fresh.content);
  }
  for (const id of ["summary", "read", "notes", "trouble"]) { say(id, said[id]); }
  document.title = said.title;
};

let news = null;
const connect = () => {
  news = new EventSource("events" + location.search);
  news.onmessage = (event) => show(JSON.parse(event.data));
  news.onerror = () => say("trouble", LOST);
};
const disconnect = () => { news.close(); say("trouble", ""); };
const pause = part("pause");
pause.addEventListener("click", () => {
  const paused = pause.getAttribute("aria-pressed") !== "true";
  pause.setAttribute("aria-pressed", String(paused));
  if (paused) { disconnect(); } else { connect(); }
});
connect();
