"use strict";
// Sorting. Each tbody is one row with its details, so that they move together; headings above several go.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.querySelectorAll("thead tr:last-child th")];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const numeric = !head.classList.contains("name");
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      sort(table, column, numeric, order === "ascending" ? 1 : -1);
    });
  });
}

function sort(table, column, numeric, sign) {
  const key = (body) => {
    const cell = body.rows[0].cells[column];
    return numeric ? parseFloat(cell.dataset.value) : cell.textContent.trim().toLowerCase();
  };
  const rows = [...table.tBodies].filter((body) => !body.classList.contains("heading"));
  const bodies = rows.map((body) => [key(body), body]);
  table.classList.add("sorted");
  bodies.sort(([a], [b]) => {
    if (!numeric) return sign * a.localeCompare(b);
    // Rows without a number come last in either order.
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return sign * (a - b);
  });
  table.append(...bodies.map(([, body]) => body));
}

// A link into a closed <details> opens it, also where the browser does not do so by itself.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  if (target) target.scrollIntoView({ block: "nearest" });
}
addEventListener("hashchange", reveal);
reveal();
