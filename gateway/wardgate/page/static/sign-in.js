// A scanned label carries the code behind the #: it is never sent by itself, and leaves the address at once.
const fill = () => {
  const code = location.hash.slice(1);
  if (!/^[\w-]{4,40}$/.test(code)) return;
  document.getElementById("code").value = code;
  history.replaceState(null, "", location.pathname);
  document.querySelector("button[type=submit]").focus();
};
addEventListener("hashchange", fill);
fill();
