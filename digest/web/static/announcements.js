/* Writing an announcement works without this file, at the button beside "Save". With it the mail follows the words,
   their length is counted while they are typed, and unsaved words are not lost by leaving. */
(function () {
  "use strict";

  var form = document.getElementById("write");
  var show = document.getElementById("show");
  if (!form || !show) {
    return;
  }
  var waiting = 0;
  var saved = words();

  function words() {
    return Array.from(new FormData(form).entries()).map(function (pair) { return pair.join("="); }).join("\n");
  }

  function count(input) {
    var meter = form.querySelector('[data-meter="' + input.name + '"]');
    if (meter) {
      var n = input.value.trim().length;
      meter.textContent = n === 1 ? "1 character" : n + " characters";
      meter.classList.toggle("over", n > Number(meter.dataset.room));
    }
  }

  form.addEventListener("input", function (event) {
    count(event.target);
    window.clearTimeout(waiting);
    waiting = window.setTimeout(function () { form.requestSubmit(show); }, 700);
  });

  form.querySelectorAll("input, textarea").forEach(count);

  form.addEventListener("submit", function (event) {
    if (event.submitter !== show) {
      window.clearTimeout(waiting);
      saved = words();
    }
  });

  window.addEventListener("beforeunload", function (event) {
    if (words() !== saved) {
      event.preventDefault();
    }
  });
})();
