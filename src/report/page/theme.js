// Light and dark: the reader's system decides until the button is pressed. Print is always light.
const root = document.documentElement;
const themeListeners = [];
const printListeners = [];  // told before the page is printed and behind it
const printing = () => root.dataset.printing !== undefined;
const systemDark = matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = remembered();

function remembered() {
  try { return localStorage.getItem("sparcell-theme"); } catch { return null; }  // a file:// page may have no storage
}

function theme() { return root.dataset.theme; }

function setTheme(name) {
  if (theme() === name) return;
  root.dataset.theme = name;
  const button = byId("theme");
  button.textContent = name === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `Switch to the ${button.textContent.toLowerCase()} theme`);
  button.setAttribute("aria-pressed", String(name === "dark"));
  for (const listener of themeListeners) listener();
}

function applyTheme() { setTheme(chosenTheme ?? (systemDark.matches ? "dark" : "light")); }

applyTheme();
systemDark.addEventListener("change", applyTheme);
byId("theme").addEventListener("click", () => {
  chosenTheme = theme() === "dark" ? "light" : "dark";
  try { localStorage.setItem("sparcell-theme", chosenTheme); } catch { /* the choice lasts as long as the page */ }
  applyTheme();
});

// On paper the page is light, its figures as wide as the paper and no table wider.
addEventListener("beforeprint", () => {
  root.dataset.printing = "";
  setTheme("light");
  for (const listener of printListeners) listener();
  for (const box of document.querySelectorAll(".scroll")) if (box.scrollWidth > box.clientWidth) box.style.zoom = box.clientWidth / box.scrollWidth;
  redrawAll();
});
addEventListener("afterprint", () => {
  delete root.dataset.printing;
  for (const listener of printListeners) listener();
  for (const box of document.querySelectorAll(".scroll")) box.style.zoom = "";
  applyTheme();
  redrawAll();
});

// Okabe and Ito's colours, which colour-blind readers can tell apart; on dark paper in lighter tones, without the black.
const palettes = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c7a00"],
  dark: ["#56b4e9", "#ff9450", "#2fc79a", "#e39cc4", "#f2b632", "#7f9cff", "#f0e442"],
};

function colours() {
  const style = getComputedStyle(root);
  const variable = name => style.getPropertyValue(`--${name}`).trim();
  return {
    series: palettes[theme()],
    ink: variable("ink"), soft: variable("soft"), rule: variable("rule"), sheet: variable("sheet"), tint: variable("tint"),
    grey: theme() === "dark" ? "#8a9099" : "#8b8f96",
    faint: theme() === "dark" ? "#565c66" : "#c3c5c9",
    sans: variable("sans"),
  };
}
