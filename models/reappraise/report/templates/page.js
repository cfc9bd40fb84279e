"use strict";
(function () {
  const value = (cell) => {
    const text = cell.textContent.trim().replace(/\u2212/g, "-").replace(/^[<>]\s*/, "");
    const number = parseFloat(text);
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const status = document.getElementById("status");
  const say = (words) => { if (status) { status.textContent = words; } };
  document.querySelectorAll("table.sortable").forEach((table) => {
    table.querySelectorAll("thead th").forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        [...body.rows].sort((a, b) => {
          const first = value(a.cells[column]), second = value(b.cells[column]);
          const order = typeof first === typeof second ? (first < second ? -1 : first > second ? 1 : 0)
            : typeof first === "number" ? -1 : 1;
          return up ? order : -order;
        }).forEach((row) => body.append(row));
        say("Sorted by " + button.textContent.trim() + (up ? ", ascending" : ", descending"));
      });
    });
    const tools = document.createElement("p");
    tools.className = "tools";
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = "Copy table";
    copy.addEventListener("click", () => {
      const text = [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim().replace(/\s+/g, " "))
        .join("\t")).join("\n");
      navigator.clipboard.writeText(text).then(() => say("Table copied"), () => say("The browser did not let it copy"));
    });
    tools.append(copy);
    (table.closest(".scroll") || table).after(tools);
  });
})();
