// Offers to import the rows that are right once a report says that some are not: the chosen file is still in the form.
const form = document.querySelector("form.import");
const frame = document.querySelector("iframe[name=report]");
const button = document.getElementById("take-good");

// Nothing stands there until a report does.
frame.hidden = true;
frame.addEventListener("load", () => {
  frame.hidden = !frame.contentDocument?.body.childElementCount;
  const report = frame.contentDocument?.getElementById("report");
  const good = Number(report?.dataset.good ?? 0);
  button.hidden = !good || report.dataset.written === "yes" || !form.elements.file.files.length;
  button.querySelector("b").textContent = good;
});
form.elements.file.addEventListener("change", () => { button.hidden = true; });
button.addEventListener("click", () => { form.elements.mode.value = "good"; });
