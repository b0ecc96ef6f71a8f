// What was run, on what, and how long it took.
const dataNames = {nonzeros: "non-zero values", train: "training cells", validation: "validation cells", test: "test cells",
                   perturbations: "perturbations, without the control"};

function drawRun() {
  const column = (title, ...content) => byId("run-facts").append(element("div", {}, element("h3", {}, title), ...content));
  if (result.data) column("Data", facts(Object.fromEntries(Object.entries(result.data).map(([key, value]) => [dataNames[key] ?? key, value]))));
  drawStages(column);
  drawCost();
  const details = (title, content, open = false) => byId("run-details").append(element("details", {open}, element("summary", {}, title), content));
  const defined = data.metrics.filter(metric => metric.definition);
  if (defined.length > 0) {
    details("How the metrics are defined", element("dl", {}, ...defined.flatMap(metric =>
      [element("dt", {}, capital(metric.label)), element("dd", {}, metric.definition)])));
  }
  if (data.config) details("Configuration", configuration(data.config));
  if (data.provenance) details("Provenance", copyable(facts(data.provenance), JSON.stringify(data.provenance, null, 2)));
}

// Any JSON as nested pairs.
function facts(value) {
  if (Array.isArray(value)) return value.every(item => typeof item !== "object") ? value.join(", ") : element("div", {}, ...value.map(facts));
  if (value !== null && typeof value === "object") {
    return element("dl", {}, ...Object.entries(value).flatMap(([key, item]) => [element("dt", {}, words(key)), element("dd", {}, facts(item))]));
  }
  return typeof value === "number" ? format(value) : String(value);
}

// YAML with its keys and remarks in colour.
function configuration(text) {
  const pre = element("pre", {tabindex: "0"});
  for (const line of text.split("\n")) {
    const [, indent, key, rest] = line.match(/^(\s*(?:- )?)([\w.-]+:)?(.*)$/);
    const remark = rest.search(/(^|\s)#/);
    pre.append(indent, key ? element("span", {class: "key"}, key) : "", remark < 0 ? rest : rest.slice(0, remark),
               remark < 0 ? "" : element("span", {class: "remark"}, rest.slice(remark)), "\n");
  }
  return copyable(pre, text);
}

// With a button that copies it.
function copyable(content, text) {
  const copy = element("button", {type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {  // the browser does not allow it: the reader's own keys do
      getSelection().selectAllChildren(content);
      copy.textContent = "Selected";
    }
  }}, "Copy");
  return element("div", {}, element("div", {class: "controls"}, copy), content);
}
