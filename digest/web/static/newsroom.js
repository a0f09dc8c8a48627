/* The newsroom works without this file. It tells screen readers what happened, and says so when the server does not
   answer. */
(function () {
  "use strict";

  function say(text, tone) {
    var main = document.getElementById("main");
    var note = document.createElement("div");
    var line = document.createElement("p");
    note.className = "notice flash floating " + tone;
    note.setAttribute("role", tone === "bad" ? "alert" : "status");
    line.textContent = text;
    note.appendChild(line);
    main.insertBefore(note, main.firstChild);
  }

  document.addEventListener("htmx:beforeSwap", function (event) {
    // A signed-out person's request ends on another page: that page must be shown whole.
    var end = new URL(event.detail.xhr.responseURL || window.location.href, window.location.href);
    if (end.pathname.indexOf(document.querySelector(".site-name").pathname) !== 0) {
      event.detail.shouldSwap = false;
      window.location.assign(end.href);
      return;
    }
  });

  document.addEventListener("htmx:afterSwap", function () {
    var heard = [];
    document.querySelectorAll("#main > .flash").forEach(function (note) {
      heard.push(note.textContent.trim());
      note.classList.add("floating");
      if (note.classList.contains("good")) {
        window.setTimeout(function () { note.remove(); }, 8000);
      }
    });
    document.getElementById("announce").textContent = heard.join(" ");
  });

  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function () {
      say("The server gave no proper answer, so it is not certain that this was done. Load the page again to see.", "bad");
    });
  });
})();
