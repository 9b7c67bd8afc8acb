// Says how long ago every <time data-age> was, in the page's language, and keeps saying it. By the server's clock: the
// page brings its time along, so that a wrong clock here makes nothing old or new.
const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const told = document.querySelector("meta[name=now]")?.content;
const aheadMs = told ? Date.now() - Date.parse(told) : 0;

export const now = () => Date.now() - aheadMs;

function age(instant) {
  const seconds = (new Date(instant) - now()) / 1000;
  if (seconds > -60) return format.format(Math.min(0, Math.round(seconds)), "second");
  if (seconds > -3600) return format.format(Math.round(seconds / 60), "minute");
  if (seconds > -86400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86400), "day");
}

export function showAges(root = document) {
  for (const time of root.querySelectorAll("time[data-age]")) {
    if (!time.title) time.title = time.textContent;
    time.textContent = age(time.dateTime);
  }
}

showAges();
setInterval(showAges, 5000);
