// Draws every chart, and draws it anew when the colours or the width change.
const specs = JSON.parse(document.getElementById("specs").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 30rem)");

function config() {
  const [text, line] = dark.matches ? ["#e6e9ed", "#2c333c"] : ["#1b1f24", "#d8dee4"];
  return {
    background: "transparent",
    font: "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
    view: { stroke: null },
    axis: { labelColor: text, titleColor: text, gridColor: line, tickColor: line, domainColor: line,
            labelFontSize: narrow.matches ? 10 : 11, titleFontWeight: "normal" },
    axisY: narrow.matches ? { labelLimit: 95 } : {},
    legend: { labelColor: text, titleColor: text, titleFontWeight: "normal",
              columns: narrow.matches ? 2 : 4 },
    text: { color: text },
    rule: { color: text },
  };
}

// What a chart says itself outranks the configuration; on a phone that must not be so for names.
function fitted(spec) {
  if (!narrow.matches) return spec;
  return JSON.parse(JSON.stringify(spec), (key, value) => {
    if (key === "labelLimit" && typeof value === "number") return Math.min(value, 95);
    if (key === "legend" && value && typeof value === "object" && value.columns) return { ...value, columns: 2 };
    return value;
  });
}

async function draw() {
  delete document.body.dataset.ready;
  for (const [id, spec] of Object.entries(specs)) {
    await vegaEmbed("#" + id, fitted(spec), { actions: false, renderer: "svg", config: config() });
  }
  document.body.dataset.ready = "1";
}

dark.addEventListener("change", draw);
narrow.addEventListener("change", draw);
await draw();
