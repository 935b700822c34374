"use strict";
// A click lays the pictures of a pair over each other and lets them blink: what does not lie on itself jumps.
for (const pair of document.querySelectorAll(".pair")) {
  if (pair.children.length < 2) continue;
  pair.setAttribute("role", "button");
  pair.tabIndex = 0;
  pair.title = "Lay over each other and blink";
  const toggle = () => pair.classList.toggle("stacked");
  pair.addEventListener("click", toggle);
  pair.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle();
  });
}
