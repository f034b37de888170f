// A scanned label carries the code behind the #: it is never sent by itself, and leaves the address at once.
const field = document.getElementById("code"), code = decodeURIComponent(location.hash.slice(1));
if (/^[\w-]{4,40}$/.test(code)) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
  document.querySelector("button[type=submit]").focus();
}
