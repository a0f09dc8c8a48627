/* The editor works without this file. It adds dragging and the keys of the handles, keeps forms that are being filled
   in while the page around them changes, and says aloud what was done. */
(function () {
  "use strict";

  var dragging = false;
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function byId(id) {
    return document.getElementById(id);
  }

  function isTyping(target) {
    return Boolean(target.closest("input, textarea, select, [contenteditable]"));
  }

  function changedForms() {
    return Array.prototype.filter.call(document.querySelectorAll("form[data-part]"), function (form) {
      return Array.prototype.some.call(form.elements, function (field) {
        if (field.type === "hidden" || field.type === "submit") { return false; }
        if (field.type === "checkbox") { return field.checked !== field.defaultChecked; }
        if (field.tagName === "SELECT") {
          return Array.prototype.some.call(field.options, function (o) { return o.selected !== o.defaultSelected && o.defaultSelected; });
        }
        return field.value !== field.defaultValue;
      });
    });
  }

  /* Moving */

  function entriesOf(list) {
    return Array.prototype.map.call(list.querySelectorAll(":scope > .edit-item[data-movable]"), function (item) {
      return item.dataset.entry;
    });
  }

  function place(entry, to, from, order) {
    var button = byId("dragged");
    byId("order-" + to).value = order.join(",");
    button.value = ["place", entry, to, from].join(":");
    button.click();
  }

  function prepare() {
    document.querySelectorAll(".edit-items").forEach(function (list) {
      if (!window.Sortable || window.Sortable.get(list) || !byId("moves")) { return; }
      window.Sortable.create(list, {
        group: "items",
        handle: ".handle",
        draggable: ".edit-item[data-movable]",
        animation: calm ? 0 : 130,
        forceFallback: true,
        fallbackTolerance: 4,
        scroll: true,
        scrollSensitivity: 60,
        ghostClass: "drag-ghost",
        chosenClass: "drag-chosen",
        fallbackClass: "drag-held",
        onStart: function () { dragging = true; document.documentElement.classList.add("is-dragging"); },
        onEnd: function (event) {
          dragging = false;
          document.documentElement.classList.remove("is-dragging");
          if (event.from === event.to && event.oldIndex === event.newIndex) { return; }
          var to = event.to.dataset.section;
          place(event.item.dataset.entry, to, event.from.dataset.section, entriesOf(event.to));
        }
      });
    });
  }

  function onHandleKey(event, handle) {
    var item = handle.closest(".edit-item");
    var list = item.parentElement;
    var entry = item.dataset.entry;
    var step = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (step) {
      event.preventDefault();
      var button = byId(step + "-" + entry);
      if (button) { button.click(); }
      return;
    }
    if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      var rest = entriesOf(list).filter(function (other) { return other !== entry; });
      var order = event.key === "Home" ? [entry].concat(rest) : rest.concat([entry]);
      place(entry, list.dataset.section, list.dataset.section, order);
    }
  }

  document.addEventListener("keydown", function (event) {
    var handle = event.target.closest && event.target.closest(".handle");
    if (handle) { onHandleKey(event, handle); return; }
    if (event.key === "Escape") {
      var menu = event.target.closest && event.target.closest("details.more[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      return;
    }
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event.target)) { return; }
    var key = event.key.toLowerCase();
    var button = key === "z" ? byId(event.shiftKey ? "redo" : "undo") : key === "y" ? byId("redo") : null;
    if (button) { event.preventDefault(); button.click(); }
  });

  /* Opening and closing what is edited */

  document.addEventListener("click", function (event) {
    var off = event.target.closest("[aria-disabled='true']");
    if (off && off.matches("button")) { event.preventDefault(); event.stopPropagation(); return; }
    var close = event.target.closest("[data-close]");
    if (close && byId(close.dataset.close)) { event.preventDefault(); closeSlot(close.dataset.close); }
    document.querySelectorAll("details.more[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
  }, true);

  function closeSlot(id) {
    var slot = byId(id);
    if (!slot) { return; }
    slot.replaceChildren();
    var opener = document.querySelector("[data-opens='" + id + "']");
    if (opener) { opener.focus(); }
  }

  document.addEventListener("editor:saved", function (event) { closeSlot(event.detail.slot); });

  /* What comes from elsewhere */

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt.id !== "poll") { return; }
    if (document.hidden || dragging || document.querySelector("details.more[open]")) { event.preventDefault(); }
  });

  document.addEventListener("htmx:beforeOnLoad", function (event) {
    // Whoever is signed out while they write must not lose what they wrote to a page that asks them to sign in.
    if (event.detail.elt.id !== "poll" || !event.detail.xhr.getResponseHeader("HX-Redirect")) { return; }
    event.preventDefault();
    event.detail.elt.remove();
    toast("You are signed out. Sign in again in another window; what you are writing here stays.", "warn");
  });

  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "main" && event.detail.elt.id !== "main") { return; }
    prepare();
    hear();
  });

  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      // The poll asks again by itself: no word about one that failed.
      if (event.detail.elt && event.detail.elt.id === "poll") { event.stopImmediatePropagation(); }
    }, true);
  });

  function toast(words, tone) {
    var note = document.createElement("div");
    var line = document.createElement("p");
    note.className = "notice toast " + tone;
    note.setAttribute("role", "status");
    line.textContent = words;
    note.appendChild(line);
    document.querySelector(".toasts").appendChild(note);
    hear();
  }

  function hear() {
    var heard = [];
    document.querySelectorAll(".toast").forEach(function (note) {
      heard.push(note.textContent.trim());
      if (note.classList.contains("good")) {
        window.setTimeout(function () { note.remove(); }, 8000);
      } else if (!note.querySelector("button")) {
        var button = document.createElement("button");
        button.type = "button";
        button.className = "toast-close";
        button.setAttribute("aria-label", "Close");
        button.textContent = "×";
        button.addEventListener("click", function () { note.remove(); });
        note.appendChild(button);
      }
    });
    byId("announce").textContent = heard.join(" ");
  }

  window.addEventListener("beforeunload", function (event) {
    if (!document.documentElement.dataset.leaving && changedForms().length) { event.preventDefault(); }
  });

  document.addEventListener("submit", function (event) {
    // A form that is sent the plain way takes its words along; no warning is due.
    if (event.target.matches("form[data-part]") && !event.target.hasAttribute("hx-post")) {
      document.documentElement.dataset.leaving = "yes";
    }
  });

  document.documentElement.classList.add("js");
  prepare();
  hear();
})();
