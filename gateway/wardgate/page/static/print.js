// Offers the browser's own print window. Without a script its menu does the same.
const press = document.getElementById("print");
press.addEventListener("click", () => print());
press.hidden = false;
