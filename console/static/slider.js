// Adds a slider beside each number field with data-slider. The field is what the form sends, and works without this script.
for (const field of document.querySelectorAll("input[data-slider]")) {
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = field.min;
  slider.max = field.dataset.slider;
  slider.value = field.value;
  slider.setAttribute("aria-label", field.closest("label").firstChild.textContent.trim());
  slider.addEventListener("input", () => { field.value = slider.value; });
  slider.addEventListener("change", () => { field.value = slider.value; field.dispatchEvent(new Event("change", { bubbles: true })); });
  field.addEventListener("input", () => { slider.value = field.value; });
  field.closest("label").after(slider);
}
