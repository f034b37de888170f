// Keeps the page true without a reload: parts come as HTML and take the place of the element with their id. Nothing on
// the screen moves and nothing that has the focus is replaced: what does not fit its place waits for a press.
const find = (id) => document.getElementById(id), line = find("live"), show = find("show"), waiting = new Map();
let last = "", timer = 0, width = innerWidth;

const say = (text, stale) => {
  line.textContent = text;
  line.classList.toggle("stale", stale);
};
const gone = () => say(`Not live${last && ` since ${last.slice(0, -5)}${last.slice(-2)}`}. Trying again`, true);
const heard = () => { clearTimeout(timer); timer = setTimeout(gone, 30000); };

// Makes `old` like `next`: what stays keeps its focus.
const become = (old, next) => {
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes])
    if (!next.hasAttribute(name) && name !== "open" && name !== "style") old.removeAttribute(name);
  const to = [...next.childNodes], from = [...old.childNodes];
  to.forEach((node, i) => {
    const was = from[i];
    if (!was) old.append(node);
    else if (was.nodeType === 1 && was.nodeName === node.nodeName && was.id === node.id) become(was, node);
    else if (was.nodeType === 3 && node.nodeType === 3) was.data === node.data || (was.data = node.data);
    else if (!was.contains(document.activeElement)) was.replaceWith(node);
  });
  from.slice(to.length).forEach((node) => node.contains(document.activeElement) || node.remove());
};

// Lays `next` out unseen: would any line of text move?
const tops = (e) => [...e.querySelectorAll("h1,h2,h3,p,li,dd,summary,figure>svg")].map(
  (x) => x.getBoundingClientRect().top - e.getBoundingClientRect().top);
const moves = (old, next) => {
  const box = old.getBoundingClientRect(), trial = next.cloneNode(true), open = old.querySelectorAll("details");
  trial.querySelectorAll("details").forEach((d, i) => { d.open = open[i] && open[i].open; });
  trial.style.cssText = `position:absolute;visibility:hidden;margin:0;inline-size:${box.width}px`;
  old.after(trial);
  const needs = trial.getBoundingClientRect().height, will = tops(trial);
  trial.remove();
  if (needs < box.height - 0.5) old.style.minBlockSize = `${box.height}px`;
  return needs > box.height + 0.5 || tops(old).some((y, i) => Math.abs(y - will[i]) > 0.5);
};

const put = (next, asked) => {
  const old = find(next.id);
  if (!old && "away" in document.body.dataset) return location.reload();
  waiting.delete(next.id);
  if (old && (asked || document.hidden || !moves(old, next))) {
    if (asked) old.style.minBlockSize = "";
    become(old, next);
  } else {
    waiting.set(next.id, next);
    if (next.id === "verdict") { // The truth never waits: its first sentence goes in now.
      const short = next.cloneNode(true);
      short.querySelectorAll("[role=status]~*").forEach((e) => e.remove());
      moves(old, short);
      become(old, short);
    }
  }
  show.hidden = !waiting.size;
};
const putAll = () => {
  if ([...waiting.keys()].some((id) => !find(id))) return location.reload();
  [...waiting.values()].forEach((next) => put(next, true));
};

const connect = () => {
  const source = new EventSource(document.body.dataset.live), on = (name, act) =>
    source.addEventListener(name, (e) => { heard(); act(e.data); });
  on("part", (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    put(box.content.firstElementChild, false);
  });
  on("beat", (time) => say(`Live. Updated ${last = time}`, false));
  on("away", gone);
  source.onerror = () => { gone(); if (source.readyState === 2) setTimeout(connect, 5000); };
};
show.addEventListener("click", putAll);
document.addEventListener("visibilitychange", () => document.hidden && putAll());
addEventListener("resize", () => {
  if (width !== innerWidth) document.querySelectorAll("main [style]").forEach((e) => { e.style.minBlockSize = ""; });
  width = innerWidth;
});
heard();
connect();
