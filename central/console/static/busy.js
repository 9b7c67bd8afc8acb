// A form whose answer takes seconds says so, and is not sent twice.
for (const form of document.querySelectorAll("form[data-busy]")) {
  const bar = document.getElementById(form.dataset.busy);
  const set = (isBusy) => {
    bar.hidden = !isBusy;
    form.setAttribute("aria-busy", String(isBusy));
    for (const button of form.querySelectorAll("button")) button.disabled = isBusy;
  };
  form.addEventListener("submit", () => set(true));
  addEventListener("pageshow", () => set(false));
}
