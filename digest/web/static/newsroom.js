/* The newsroom works without this file. It keeps typed words safe, tells screen readers what happened, and says
   so when the server does not answer. */
(function () {
  "use strict";

  var typed = null; // the intro as it stood in the editor before a swap: {value, saved}

  function intro() {
    return document.getElementById("intro");
  }

  function unsaved(box) {
    return Boolean(box) && box.value !== box.dataset.saved;
  }

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
    var box = intro();
    var saving = event.detail.requestConfig && event.detail.requestConfig.path === (box && box.form.getAttribute("action"));
    typed = unsaved(box) && !saving ? { value: box.value, saved: box.dataset.saved } : null;
  });

  document.addEventListener("htmx:afterSwap", function () {
    var box = intro();
    if (typed && box) {
      box.value = typed.value;
      if (box.dataset.saved !== typed.saved) {
        say("Somebody else saved another intro meanwhile. Yours is still in the editor, not saved.", "warn");
      }
    }
    typed = null;
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

  window.addEventListener("beforeunload", function (event) {
    var box = intro();
    if (unsaved(box) && !box.dataset.leaving) {
      event.preventDefault();
    }
  });

  document.addEventListener("submit", function (event) {
    // The intro's own form carries the text along; no warning is due.
    var box = intro();
    if (box && event.target === box.form) {
      box.dataset.leaving = "yes";
    }
  });
})();
