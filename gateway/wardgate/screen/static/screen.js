// Keeps the patient's screen true. Written for old tablets: no newer JavaScript than they have.
(function () {
  "use strict";
  var heard = 0, lost = false, source = null, gone = document.getElementById("gone");
  var sound = null, listen = document.getElementById("listen");

  function put(next) {
    var old = document.getElementById(next.id), i, a;
    if (!old) return;
    for (i = 0; i < next.attributes.length; i++) {
      a = next.attributes[i];
      if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    }
    // What is spoken aloud when it changes must not change when it is the same; what has the focus keeps it.
    if (old.innerHTML !== next.innerHTML && !old.contains(document.activeElement)) old.innerHTML = next.innerHTML;
  }
  function away() {
    var parts = gone.content.cloneNode(true).children, i;
    for (i = 0; i < parts.length; i++) put(parts[i]);
    document.body.className = "plain";
    lost = true;
  }
  function alive() {
    clearTimeout(heard);
    heard = setTimeout(away, 30000);
    // A stream tells what changes, once. A tablet that slept has written over it: a new stream tells it all.
    if (lost && source) {
      lost = false;
      source.close();
      connect();
    }
  }
  function connect() {
    source = new EventSource("live");
    source.addEventListener("part", function (event) {
      var box = document.createElement("template");
      alive();
      box.innerHTML = event.data;
      put(box.content.firstElementChild);
    });
    source.addEventListener("ground", function (event) {
      alive();
      document.body.className = event.data;
    });
    source.addEventListener("beat", alive);
    source.addEventListener("again", function () { location.reload(); });
    source.onerror = function () {
      if (source.readyState === 2) setTimeout(connect, 5000);
    };
  }
  if (listen) listen.addEventListener("click", function (event) {
    event.preventDefault();
    if (sound) sound.pause();
    sound = new Audio(listen.href);
    sound.play();
  });
  alive();
  connect();
})();
