/* Keeps the desk's "in 2 days and 4 hours" true while the page is open. The words are those of
   digest/web/staff/when.py; the time is the server's, as it was when the page was made, plus what has passed here. */
(function () {
  "use strict";

  var MINUTE = 60, HOUR = 3600, DAY = 86400;
  var began = performance.now();

  function count(number, unit) {
    return number + " " + unit + (number === 1 ? "" : "s");
  }

  function distance(seconds) {
    var span = Math.abs(seconds);
    if (span < MINUTE) { return "now"; }
    var days = Math.floor(span / DAY), hours = Math.floor(span % DAY / HOUR), minutes = Math.floor(span % HOUR / MINUTE);
    var pairs = days ? [[days, "day"], [hours, "hour"]] : [[hours, "hour"], [minutes, "minute"]];
    var words = pairs.filter(function (pair) { return pair[0]; }).map(function (pair) { return count(pair[0], pair[1]); });
    return seconds > 0 ? "in " + words.join(" and ") : words.join(" and ") + " ago";
  }

  function tick() {
    var steps = document.querySelector(".steps[data-now]");
    if (!steps) { return; }
    var now = Date.parse(steps.dataset.now) + performance.now() - began;
    steps.querySelectorAll("[data-until]").forEach(function (place) {
      var seconds = Math.round((Date.parse(place.dataset.until) - now) / 1000);
      place.textContent = distance(seconds);
      place.parentNode.classList.toggle("done", seconds <= 0);
    });
  }

  document.addEventListener("htmx:afterSwap", function () { began = performance.now(); });
  window.setInterval(tick, 15000);
})();
