// Starts the slides. An explorer is woken when its slide is shown, and keeps the keys while it is moved.

Reveal.initialize({
  plugins: [RevealNotes], hash: true, center: false, transition: "none", width: 1280, height: 760, margin: 0.04,
  keyboardCondition: () => !document.activeElement?.closest(".lm-explorer"),
});
